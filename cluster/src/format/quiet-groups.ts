// What two nodes say of their groups in which nothing happens, [PEER-12]: length u32 of the first list | the groups that the sender
// leads | those of the receiver's that the sender agrees with. Of each group `group | term | index` in LEB128, ascending.
// As long as nothing happens the bytes stay the same: both ends compare them, and read only what is new.

import type { LogPlace } from '../core/types.ts';
import { ByteReader, ByteWriter, varintBytes } from './bytes.ts';
import { GROUPS_MAX } from './group-records.ts';

/** By group, ascending. */
export type QuietPlaces = ReadonlyMap<number, LogPlace>;

export interface QuietGroups {
  readonly led: Uint8Array;
  readonly agreed: Uint8Array;
}

const LENGTH_BYTES = 4;

export function encodeQuietGroups({ led, agreed }: QuietGroups): Uint8Array {
  const writer = new ByteWriter(LENGTH_BYTES + led.length + agreed.length);
  return writer.u32(led.length).bytes(led).bytes(agreed).finish();
}

/** Views of the payload; undefined where the length lies. */
export function decodeQuietGroups(payload: Uint8Array): QuietGroups | undefined {
  const reader = new ByteReader(payload);
  const led = reader.bytes(reader.u32());
  const agreed = reader.rest();
  return reader.bad ? undefined : { led, agreed };
}

export function encodeQuietPlaces(places: QuietPlaces): Uint8Array {
  let bytes = 0;
  for (const [group, { term, index }] of places) {
    bytes += varintBytes(group) + varintBytes(term) + varintBytes(index);
  }
  const writer = new ByteWriter(bytes);
  const ascending = [...places].sort(([a], [b]) => a - b);
  for (const [group, { term, index }] of ascending) writer.varint(group).varint(term).varint(index);
  return writer.finish();
}

/** undefined where the bytes are no such list. */
export function decodeQuietPlaces(bytes: Uint8Array): QuietPlaces | undefined {
  const reader = new ByteReader(bytes);
  const places = new Map<number, LogPlace>();
  let last = -1;
  while (reader.left > 0) {
    if (places.size === GROUPS_MAX) reader.fail();
    const group = reader.varint();
    places.set(group, { term: reader.varint(), index: reader.varint() });
    if (group <= last) reader.fail();
    last = group;
  }
  return reader.complete ? places : undefined;
}
