// Which paths this device may take to others: any, or only those over a relay, because the person wants to hide
// its network address. The wish belongs to this device and stays on it.

import type { IcePaths, PeerConnectionPort, StorePort } from '../ports.ts';
import { loadDeviceSettings, saveDeviceSettings } from '../store/device-settings.ts';
import type { RowWriter } from '../store/row-writer.ts';
import { Relays, type RelaysHost } from './relays.ts';

const NO_RELAY =
  'This device hides its network address, and your server has no relay that it could use. So it cannot connect to any other device. Ask whoever runs the server for a relay (TURN), or stop hiding the address.';

export interface PathChoiceHost extends Omit<RelaysHost, 'canUse' | 'onFound'> {
  readonly peers: PeerConnectionPort;
  readonly store: StorePort;
  readonly writer: RowWriter;
  stunUrls(): readonly string[];
  /** Credentials are new: what goes over a relay needs them. */
  onRenewed(): void;
  /** Other paths than before: connections are to be made anew. */
  onOtherPaths(): void;
}

export class PathChoice {
  readonly #host: PathChoiceHost;
  readonly #relays: Relays;
  #hides = false;

  constructor(host: PathChoiceHost) {
    this.#host = host;
    this.#relays = new Relays({
      ...host,
      nowMs: () => host.nowMs(),
      ask: (frame) => host.ask(frame),
      canUse: (url) => host.peers.canRelay(url),
      onFound: (change) => {
        if (change === 'renewed') host.onRenewed();
        else if (this.#hides) host.onOtherPaths();
      },
    });
  }

  async load(): Promise<void> {
    this.#hides = (await loadDeviceSettings(this.#host.store)).hidesAddress;
  }

  stop(): void {
    this.#relays.stop();
  }

  /** Resolves when the servers have told of relays, or will not, and the platform knows whom to ask for addresses. */
  async refresh(): Promise<void> {
    const { stun } = this.current() ?? { stun: [] };
    await Promise.all([this.#relays.refresh(), this.#host.peers.prepare?.(stun)]);
  }

  get hidesAddress(): boolean {
    return this.#hides;
  }

  async hideAddress(hides: boolean): Promise<void> {
    if (hides === this.#hides) return;
    this.#hides = hides;
    this.#host.onOtherPaths();
    await saveDeviceSettings(this.#host.writer, { hidesAddress: hides });
  }

  /** Undefined while there is none that may be taken. */
  current(): IcePaths | undefined {
    const { turn } = this.#relays;
    if (!this.#hides) return { stun: this.#host.stunUrls(), turn, relayOnly: false };
    return turn === undefined ? undefined : { stun: [], turn, relayOnly: true };
  }

  /** Why no other device can be reached, in words for a person. */
  get cannotConnect(): string | undefined {
    return this.lacksRelay ? NO_RELAY : undefined;
  }

  /** Nothing but a relay may be taken, and there is none. */
  get lacksRelay(): boolean {
    return this.#hides && this.#relays.known && this.#relays.turn === undefined;
  }
}
