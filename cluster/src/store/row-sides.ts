// The rows of a group lie on one of two sides, under keys that differ in their kind alone. A snapshot is
// received on the side that nobody reads; one small record then says that it is the live one, in the same
// batch that replaces the log. So a large state changes in one atomic step, and a half received one is
// nothing but rows to clear. Callers outside the store know side 0 only.

import type { Side } from '../format/group-records.ts';
import { groupOfKey, KEY_KIND, OTHER_SIDE } from '../format/store-key.ts';

export class RowSides {
  readonly #sides: Map<number, Side>;

  constructor(sides: ReadonlyMap<number, Side>) {
    this.#sides = new Map(sides);
  }

  of(group: number): Side {
    return this.#sides.get(group) ?? 0;
  }

  set(group: number, side: Side): void {
    this.#sides.set(group, side);
  }

  /** The key as it lies on the live side; keys of no rows are the same on both. */
  live(key: Uint8Array): Uint8Array {
    if (this.#sides.size === 0) return key;
    return onSide(key, this.of(groupOfKey(key)));
  }
}

export function otherSide(side: Side): Side {
  return side === 0 ? 1 : 0;
}

export function onSide(key: Uint8Array, side: Side): Uint8Array {
  const kind = key[0] ?? 0;
  return side === 0 || kind < KEY_KIND.row ? key : withKind(key, kind + OTHER_SIDE);
}

/** Back from a side to what callers know. */
export function fromSide(key: Uint8Array, side: Side): Uint8Array {
  return side === 0 ? key : withKind(key, (key[0] ?? 0) - OTHER_SIDE);
}

/** A copy: the database gives Buffers, whose slice() would be a view of the same bytes. */
function withKind(key: Uint8Array, kind: number): Uint8Array {
  const copy = new Uint8Array(key);
  copy[0] = kind;
  return copy;
}
