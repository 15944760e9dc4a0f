// The cluster's own rows in the meta group, [STO-11]. Rest of the key: 0x01 | node id (16) for a node,
// 0x02 for the slot table, 0x03 for the feature level, 0x04 | node id for one that leaves or has left. Node = name length u8 | name | address length u8
// | address | certificate fingerprint (32) | incarnation (16). Slot table = epoch u32 | shard groups
// u16 | count u16 | count times (first u16, last u16, group u32), ascending, without a gap. Feature
// level = u16. Departure = u8 (1 is to leave, 2 has left) | certificate fingerprint (32). Text is UTF-8.

import { ByteReader, ByteWriter, fromHex, toHex } from '../format/bytes.ts';
import { KEY_KIND, storeKey } from '../format/store-key.ts';
import type { NewNode, SlotAssignment, SlotTable } from '../ports.ts';

export const CLUSTER_ROW = {
  node: 0x01,
  slotTable: 0x02,
  featureLevel: 0x03,
  departure: 0x04,
  fullDisk: 0x10,
} as const;
/** What this version knows; a cluster at a higher level is refused. */
export const FEATURE_LEVEL = 1;

export type MemberNode = NewNode;

export function nodeRowKey(nodeId: string): Uint8Array {
  return clusterRowKey(CLUSTER_ROW.node, fromHex(nodeId));
}

export function clusterRowKey(kind: number, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  return storeKey(KEY_KIND.clusterRow, 0, new Uint8Array([kind, ...rest]));
}

export function encodeNode(node: MemberNode): Uint8Array {
  const name = Buffer.from(node.name);
  const address = Buffer.from(node.peerAddress);
  return new ByteWriter(50 + name.length + address.length)
    .u8(name.length)
    .bytes(name)
    .u8(address.length)
    .bytes(address)
    .bytes(fromHex(node.fingerprint))
    .bytes(fromHex(node.incarnation))
    .finish();
}

export function decodeNode(id: string, bytes: Uint8Array): MemberNode | undefined {
  const reader = new ByteReader(bytes);
  const name = Buffer.from(reader.bytes(reader.u8())).toString();
  const peerAddress = Buffer.from(reader.bytes(reader.u8())).toString();
  const fingerprint = toHex(reader.bytes(32));
  const incarnation = toHex(reader.bytes(16));
  return reader.complete ? { id, name, peerAddress, fingerprint, incarnation } : undefined;
}

export function encodeSlotTable(table: SlotTable): Uint8Array {
  const writer = new ByteWriter(8 + table.assignments.length * 8);
  writer.u32(table.epoch).u16(table.shardGroups).u16(table.assignments.length);
  for (const { first, last, group } of table.assignments) writer.u16(first).u16(last).u32(group);
  return writer.finish();
}

export function decodeSlotTable(bytes: Uint8Array): SlotTable | undefined {
  const reader = new ByteReader(bytes);
  const epoch = reader.u32();
  const shardGroups = reader.u16();
  const count = reader.u16();
  if (reader.left !== count * 8) return undefined;
  const assignments: SlotAssignment[] = [];
  let next = 0;
  for (let i = 0; i < count; i += 1) {
    const assignment = { first: reader.u16(), last: reader.u16(), group: reader.u32() };
    const { first, last, group } = assignment;
    if (first !== next || last < first || group < 1 || group > shardGroups) return undefined;
    next = last + 1;
    assignments.push(assignment);
  }
  return reader.complete && next === 65_536 ? { epoch, shardGroups, assignments } : undefined;
}
