// Keys of the store, [STO-2]: kind u8 | group u32 | rest, all big-endian, so that one group's records
// of one kind lie together and in order. Records of the whole process have group 0.

import { ByteReader, ByteWriter } from './bytes.ts';
import { KNOWN_IDS } from './known-ids.ts';

export const KEY_KIND = {
  /** Rest empty: [STO-3] which node this store is, and in which incarnation and boot. */
  identity: 0x01,
  /** Rest: batch number modulo 65,536 as u16; value: [STO-4] its number, which storage/ writes. */
  batch: 0x02,
  /** Rest: node id (16); value: [STO-5] the boot number last heard from that peer. */
  peer: 0x03,
  /** Rest empty: [STO-6] term, vote, commit. */
  hardState: 0x10,
  /** Rest empty: [STO-7] the entry before the first one kept. */
  logBase: 0x11,
  /** Rest empty: [STO-14] which side the rows lie on; side 0 where there is none. */
  side: 0x12,
  /** Rest: index u64; value: [STO-8] the entry. */
  entry: 0x13,
  /** Rest empty: [STO-9] the last entry whose rows are in the store. */
  applied: 0x14,
  /** Rest empty: [STO-10] the slots that the group owns, and since which epoch. */
  slots: 0x15,
  /** Rest: slot u16 | the application's key. */
  row: 0x20,
  /** Rest: the application's key in the META slot (group 0). */
  metaRow: 0x21,
  /** Rest: [STO-11] the cluster's own meta rows (group 0). */
  clusterRow: 0x22,
  /** Rest: [STO-16] session u64; value: which commands of a client are applied. */
  session: 0x23,
} as const;

/** Added to a row's kind on side 1. */
export const OTHER_SIDE = 0x10;
/** Rows of a group: what a snapshot carries. */
export const ROW_KINDS = [
  KEY_KIND.row,
  KEY_KIND.metaRow,
  KEY_KIND.clusterRow,
  KEY_KIND.session,
] as const;

export type KeyKind = (typeof KEY_KIND)[keyof typeof KEY_KIND];

export const HEAD_BYTES = 5;
const NOTHING = new Uint8Array(0);

export function storeKey(kind: KeyKind, group = 0, rest: Uint8Array = NOTHING): Uint8Array {
  return new ByteWriter(HEAD_BYTES + rest.length).u8(kind).u32(group).bytes(rest).finish();
}

export function peerKey(nodeId: string): Uint8Array {
  return storeKey(KEY_KIND.peer, 0, KNOWN_IDS.bytesOf(nodeId));
}

export function entryKey(group: number, index: number): Uint8Array {
  return storeKey(KEY_KIND.entry, group, new ByteWriter(8).u64(index).finish());
}

/** The key of an application's row; slot -1 is META, whose rows carry no slot. */
export function rowKey(group: number, slot: number, key: Uint8Array): Uint8Array {
  if (slot < 0) return storeKey(KEY_KIND.metaRow, group, key);
  return new ByteWriter(HEAD_BYTES + 2 + key.length)
    .u8(KEY_KIND.row)
    .u32(group)
    .u16(slot)
    .bytes(key)
    .finish();
}

/** How many bytes of a row's store key come before the application's key. */
export function rowHeadBytes(slot: number): number {
  return slot < 0 ? HEAD_BYTES : HEAD_BYTES + 2;
}

export function slotOfRowKey(key: Uint8Array): number {
  return new ByteReader(key.subarray(HEAD_BYTES)).u16();
}

export function groupOfKey(key: Uint8Array): number {
  return key.length < HEAD_BYTES ? 0 : new DataView(key.buffer, key.byteOffset).getUint32(1);
}

/** All keys with this prefix. */
export function prefixRange(prefix: Uint8Array): { from: Uint8Array; to: Uint8Array } {
  return { from: prefix, to: prefixEnd(prefix) };
}

/** The first key after all keys with this prefix. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) throw new Error('a store key prefix begins with its kind, never with 0xff');
  const end = prefix.slice(0, length);
  end[length - 1] = (end[length - 1] ?? 0) + 1;
  return end;
}
