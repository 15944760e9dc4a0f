// Tells the node once which pools to push, for all that were opened in this moment, and again where it
// refused: a join may have gone through another node a moment ago.

import type { Ref } from '@rockpool/protocol';
import type { Clock } from '../ports.ts';
import type { Session } from '../session/session.ts';

const TRIES_MAX = 4;
const DELAY_MS = 5;

export interface WatchListHost {
  readonly clock: Clock;
  readonly session: Pick<Session, 'tell' | 'pause'>;
  /** The pools that the person is in. */
  pools(): readonly Ref[];
  /** Takes work that nobody waits for. */
  background(work: Promise<unknown>): void;
}

export class WatchList {
  readonly #host: WatchListHost;
  #cancel: () => void = () => {};

  constructor(host: WatchListHost) {
    this.#host = host;
  }

  /** Soon, and once for many calls. */
  tell(tries = 0): void {
    const { clock, background } = this.#host;
    this.#cancel();
    this.#cancel = clock.after(DELAY_MS, () => background(this.#tell(tries)));
  }

  async #tell(tries: number): Promise<void> {
    const { session } = this.#host;
    const pools = this.#host.pools();
    if (pools.length === 0) return;
    const refused = await session.tell({ type: 'watch', pools });
    if (refused === undefined || refused === 'offline' || tries >= TRIES_MAX) return;
    await session.pause(tries);
    this.tell(tries + 1);
  }
}
