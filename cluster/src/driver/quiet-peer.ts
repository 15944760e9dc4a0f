// What this node and one other say to each other of their quiet groups. Each says in every interval all that holds for it,
// so that nothing hangs on a message that was lost; as long as it stays the same, neither end looks at the groups.

import type { LogPlace } from '../core/types.ts';
import {
  decodeQuietGroups,
  decodeQuietPlaces,
  encodeQuietGroups,
  encodeQuietPlaces,
  type QuietPlaces,
} from '../format/quiet-groups.ts';

const NOTHING = new Uint8Array(0);

export class QuietPeer {
  readonly #led = new Map<number, LogPlace>();
  readonly #agreed = new Map<number, LogPlace>();
  #payload: Uint8Array | undefined;
  #saidAtTick = 0;
  #theirs: Uint8Array = NOTHING;
  /** The groups that the other node leads, as it said last, and those of ours that it agrees with. */
  theirLed: QuietPlaces = new Map();
  theirAgreed: QuietPlaces = new Map();
  heardAtTick: number;

  constructor(nowTick: number) {
    this.heardAtTick = nowTick;
  }

  /** Of those that the other node leads, the ones that are quiet here. */
  get agreed(): QuietPlaces {
    return this.#agreed;
  }

  lead(group: number, place: LogPlace | undefined): void {
    if (isSame(this.#led.get(group), place)) return;
    if (place === undefined) this.#led.delete(group);
    else this.#led.set(group, place);
    this.#payload = undefined;
  }

  agree(group: number, place: LogPlace | undefined): void {
    if (place === undefined) this.#agreed.delete(group);
    else this.#agreed.set(group, place);
    this.#payload = undefined;
  }

  agrees(group: number, place: LogPlace): boolean {
    return isSame(this.theirAgreed.get(group), place);
  }

  /** What is new at once, else a sign of life when it is time: that there is nothing must not hang on one frame, either. */
  toSay(nowTick: number, signTicks: number): Uint8Array | undefined {
    const isDue = nowTick - this.#saidAtTick >= signTicks;
    if (this.#payload !== undefined && !isDue) return undefined;
    this.#saidAtTick = nowTick;
    this.#payload ??= encodeQuietGroups({
      led: encodeQuietPlaces(this.#led),
      agreed: encodeQuietPlaces(this.#agreed),
    });
    return this.#payload;
  }

  /** Whether it was something new; undefined if it cannot be read. */
  read(payload: Uint8Array): boolean | undefined {
    if (Buffer.compare(payload, this.#theirs) === 0) return false;
    const groups = decodeQuietGroups(payload);
    const led = groups && decodeQuietPlaces(groups.led);
    const agreed = groups && decodeQuietPlaces(groups.agreed);
    if (led === undefined || agreed === undefined) return undefined;
    this.#theirs = payload.slice();
    this.theirLed = led;
    this.theirAgreed = agreed;
    return true;
  }
}

export function isSame(a: LogPlace | undefined, b: LogPlace | undefined): boolean {
  return a?.term === b?.term && a?.index === b?.index;
}
