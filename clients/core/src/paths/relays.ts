// The relays of this place and the credentials for them, which end: asked for on each new account and node
// where they are missing or old, and again by a timer long before they end.

import type { Result, ServerFrame } from '@rockpool/protocol';
import type { Clock, TurnServer } from '../ports.ts';
import type { Request } from '../session/link.ts';

/** Of the time that is left, after which they are renewed: there is room for trying again. */
const RENEW_AFTER = 0.75;
const RETRY_MS = 60_000;

export interface RelaysHost {
  readonly clock: Clock;
  /** The servers' time. */
  nowMs(): number;
  ask(frame: Request): Promise<Result<ServerFrame> | 'offline'>;
  /** Whether this platform can use such a server. */
  canUse(url: string): boolean;
  onFound(change: 'first' | 'renewed'): void;
}

export class Relays {
  readonly #host: RelaysHost;
  #found: { readonly turn: TurnServer | undefined; readonly renewMs: number } | undefined;
  #asking: Promise<void> | undefined;
  #cancelTimer: () => void = () => {};

  constructor(host: RelaysHost) {
    this.#host = host;
  }

  /** False until the servers have told. */
  get known(): boolean {
    return this.#found !== undefined;
  }

  get turn(): TurnServer | undefined {
    return this.#found?.turn;
  }

  /** Asks where that is due. Resolves when it is answered, or will not be. */
  refresh(): Promise<void> {
    const found = this.#found;
    if (found?.turn !== undefined && this.#host.nowMs() < found.renewMs) return Promise.resolve();
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  stop(): void {
    this.#cancelTimer();
  }

  async #ask(): Promise<void> {
    const answer = await this.#host.ask({ type: 'relays' });
    if (answer === 'offline' || !answer.ok || answer.value.type !== 'relays') {
      this.#wake(RETRY_MS);
      return;
    }
    const { urls: all, username, credential, expiry } = answer.value;
    const urls = all.filter((url) => this.#host.canUse(url));
    const turn = urls.length === 0 ? undefined : { urls, username, credential };
    const before = this.#found;
    const now = this.#host.nowMs();
    const renewMs = expiry === undefined ? Infinity : now + (expiry - now) * RENEW_AFTER;
    this.#found = { turn, renewMs };
    if (renewMs !== Infinity) this.#wake(Math.max(RETRY_MS, renewMs - now));
    if (before !== undefined && before.turn === undefined && turn === undefined) return;
    this.#host.onFound(before?.turn === undefined ? 'first' : 'renewed');
  }

  #wake(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#host.clock.after(delayMs, () => void this.refresh());
  }
}
