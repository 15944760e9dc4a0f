// How much gets lost on the way to another device and back: small messages over a channel on which nothing is sent
// twice. Platforms do not tell it alike: a page sees few checks of its path, libdatachannel counts none.

import type { Bytes } from '@rockpool/protocol';
import type { Channel, ChannelEvents, Clock } from '../ports.ts';

export const PROBE_LABEL = 'probe';

/** So that 2 percent can be told. */
const PROBES = 50;
const INTERVAL_MS = 20;
/** After the last one was sent; longer than any way that people would talk over. */
const ANSWER_WAIT_MS = 1_000;
/** Answers that wait to go out; whoever asks faster than that is not answered. */
const BUFFERED_BYTES_MAX = 4_096;

const FRAME_BYTES = 5;
const ASK = 0;
const ANSWER = 1;

export class PathProbe {
  readonly #clock: Clock;
  readonly #isProven: () => boolean;
  #channel: Channel | undefined;
  #open = false;
  #next = 0;
  #awaited = new Set<number>();

  /** Nobody is answered before they have proven who they are. */
  constructor(clock: Clock, isProven: () => boolean) {
    this.#clock = clock;
    this.#isProven = isProven;
  }

  /** False where there is one already. */
  take(channel: Channel): boolean {
    if (this.#channel !== undefined) return false;
    this.#channel = channel;
    return true;
  }

  events(): ChannelEvents {
    return {
      onOpen: () => {
        this.#open = true;
      },
      onMessage: (frame) => this.#receive(frame),
      onClose: () => {
        this.#open = false;
      },
      onDrained: () => {},
    };
  }

  /** The share of probes, from 0 to 1, that did not come back; undefined where the other side takes none. */
  async lostShare(): Promise<number | undefined> {
    const awaited = new Set<number>();
    this.#awaited = awaited;
    for (let sent = 0; sent < PROBES; sent += 1) {
      if (!this.#open || this.#awaited !== awaited) return undefined;
      this.#next = (this.#next + 1) >>> 0;
      awaited.add(this.#next);
      this.#send(ASK, this.#next);
      await this.#wait(INTERVAL_MS);
    }
    if (awaited.size > 0) await this.#wait(ANSWER_WAIT_MS);
    return this.#open ? awaited.size / PROBES : undefined;
  }

  #receive(frame: Bytes): void {
    if (frame.length !== FRAME_BYTES || !this.#isProven()) return;
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const number = view.getUint32(1);
    if (frame[0] === ASK) this.#send(ANSWER, number);
    else if (frame[0] === ANSWER) this.#awaited.delete(number);
  }

  #send(kind: number, number: number): void {
    if (this.#channel === undefined || this.#channel.bufferedBytes > BUFFERED_BYTES_MAX) return;
    const frame = new Uint8Array(FRAME_BYTES);
    frame[0] = kind;
    new DataView(frame.buffer).setUint32(1, number);
    this.#channel.send(frame);
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(delayMs, resolve));
  }
}
