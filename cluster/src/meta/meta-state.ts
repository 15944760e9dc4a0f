// The meta group's own state machine: who the nodes are, which group owns which slot, and which
// features all of them may use. Its rows are few and held in memory beside the store. Commands,
// [STO-13]: kind u8 (1 = a node moved) | node id (16) | address length u8 | address.

import type { KeyValue, Operation } from '@rockpool/storage';
import { ByteReader, ByteWriter, fromHex, toHex } from '../format/bytes.ts';
import { NodeError } from '../node-error.ts';
import {
  CLUSTER_ROW,
  decodeNode,
  decodeSlotTable,
  encodeNode,
  FEATURE_LEVEL,
  type MemberNode,
  nodeRowKey,
  type SlotTable,
} from './meta-records.ts';

const NODE_MOVED = 1;
const ADDRESS_BYTES_MAX = 255;
/** Sizes of a membership, as init makes them. */
const VOTERS: ReadonlySet<number> = new Set([1, 3]);

export class MetaState {
  #nodes = new Map<string, MemberNode>();
  #slotTable: SlotTable;
  /** Group of each slot. */
  readonly #groups = new Uint32Array(65_536);

  /** From the rows of the store, keyed by what follows kind and group. Throws NodeError. */
  constructor(rows: readonly KeyValue[]) {
    this.#slotTable = this.#read(rows);
  }

  /** Takes what a snapshot brought in the place of all it knew. Throws NodeError. */
  restore(rows: readonly KeyValue[]): void {
    this.#slotTable = this.#read(rows);
  }

  get slotTable(): SlotTable {
    return this.#slotTable;
  }

  get nodes(): readonly MemberNode[] {
    return [...this.#nodes.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #read(rows: readonly KeyValue[]): SlotTable {
    const nodes = new Map<string, MemberNode>();
    let slotTable: SlotTable | undefined;
    let featureLevel = 0;
    for (const [key, payload] of rows) {
      const id = toHex(key.subarray(1));
      if (key[0] === CLUSTER_ROW.node) {
        const node = decodeNode(id, payload);
        // Without it the rest would take itself for a majority.
        if (node === undefined) throw new NodeError('STORE_HOLE', `Node ${id} is unreadable.`);
        nodes.set(id, node);
      } else if (key[0] === CLUSTER_ROW.slotTable) slotTable = decodeSlotTable(payload);
      else if (key[0] === CLUSTER_ROW.featureLevel) featureLevel = new ByteReader(payload).u16();
    }
    if (slotTable === undefined || !VOTERS.has(nodes.size)) {
      throw new NodeError('STORE_HOLE', 'Some of the membership or the slot table is missing.');
    }
    if (featureLevel !== FEATURE_LEVEL) {
      throw new NodeError('FEATURE_LEVEL', `Cluster: ${featureLevel}; here: ${FEATURE_LEVEL}.`);
    }
    this.#nodes = nodes;
    for (const { first, last, group } of slotTable.assignments) {
      this.#groups.fill(group, first, last + 1);
    }
    return slotTable;
  }

  node(id: string): MemberNode | undefined {
    return this.#nodes.get(id);
  }

  byFingerprint(fingerprint: string): MemberNode | undefined {
    return this.nodes.find((node) => node.fingerprint === fingerprint);
  }

  groupOf(slot: number): number {
    return slot < 0 ? 0 : (this.#groups[slot] ?? 0);
  }

  /** A command that cannot be read, or names nobody, changes nothing. */
  apply(body: Uint8Array): readonly Operation[] {
    const moved = decodeNodeMoved(body);
    const node = moved && this.#nodes.get(moved.id);
    if (moved === undefined || node === undefined) return [];
    const changed = { ...node, peerAddress: moved.peerAddress };
    this.#nodes.set(node.id, changed);
    return [{ key: nodeRowKey(node.id), payload: encodeNode(changed) }];
  }
}

export function encodeNodeMoved(id: string, peerAddress: string): Uint8Array {
  const address = Buffer.from(peerAddress);
  if (address.length > ADDRESS_BYTES_MAX) {
    throw new NodeError('NODE_OPTIONS_INVALID', 'The peer address is too long.');
  }
  return new ByteWriter(18 + address.length)
    .u8(NODE_MOVED)
    .bytes(fromHex(id))
    .u8(address.length)
    .bytes(address)
    .finish();
}

function decodeNodeMoved(bytes: Uint8Array): { id: string; peerAddress: string } | undefined {
  const reader = new ByteReader(bytes);
  const kind = reader.u8();
  const id = toHex(reader.bytes(16));
  const address = Buffer.from(reader.bytes(reader.u8()));
  const peerAddress = address.toString();
  // Bytes that are no UTF-8 would come back longer than they went in, and spoil the node's row.
  const isText = Buffer.from(peerAddress).equals(address);
  return reader.complete && isText && kind === NODE_MOVED ? { id, peerAddress } : undefined;
}
