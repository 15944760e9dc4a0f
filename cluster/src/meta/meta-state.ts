// The meta group's own state machine: who the nodes are, which group owns which slot, and which
// features all of them may use. Its rows are few and held in memory beside the store.

import type { KeyValue } from '@rockpool/storage';
import { ByteReader } from '../format/bytes.ts';
import { NodeError } from '../node-error.ts';
import type { SlotTable } from '../ports.ts';
import { FullDisks } from './full-disks.ts';
import { CLUSTER_ROW, decodeSlotTable, FEATURE_LEVEL, type MemberNode } from './meta-records.ts';
import { decodeNodeCommand } from './node-commands.ts';
import { type NodeChange, NodeList } from './node-list.ts';
import { SlotGroups } from './slot-groups.ts';

const NO_NODES: readonly MemberNode[] = [];

export class MetaState {
  #list: NodeList;
  #slotTable: SlotTable;
  #changed: () => void = () => {};
  #slotGroups: SlotGroups;
  readonly #fullDisks = new FullDisks();

  /** From the rows of the store, keyed by what follows kind and group. Throws NodeError. */
  constructor(rows: readonly KeyValue[]) {
    this.#fullDisks.read(rows);
    this.#list = listOf(rows);
    this.#slotTable = readTable(rows);
    this.#slotGroups = new SlotGroups(this.#slotTable);
  }

  /** Takes what a snapshot brought in the place of all it knew. Throws NodeError. */
  restore(rows: readonly KeyValue[]): void {
    this.#fullDisks.read(rows);
    this.#list = listOf(rows);
    this.#slotTable = readTable(rows);
    this.#slotGroups = new SlotGroups(this.#slotTable);
    this.#changed();
  }

  /** Called whenever the nodes are others than before, or elsewhere. */
  onNodesChanged(listener: () => void): void {
    this.#changed = listener;
  }

  get slotTable(): SlotTable {
    return this.#slotTable;
  }

  /** Those of the nodes whose disk is nearly full. Asked for each command, and hardly ever there is one. */
  get full(): readonly MemberNode[] {
    return this.#fullDisks.isEmpty
      ? NO_NODES
      : this.nodes.filter(({ id }) => this.#fullDisks.has(id));
  }

  get nodes(): readonly MemberNode[] {
    return this.#list.nodes;
  }

  /** Those that groups are to have as members. */
  get staying(): readonly string[] {
    return this.#list.staying;
  }

  node(id: string): MemberNode | undefined {
    return this.#list.node(id);
  }

  byFingerprint(fingerprint: string): MemberNode | undefined {
    return this.#list.byFingerprint(fingerprint);
  }

  formerId(fingerprint: string): string | undefined {
    return this.#list.formerId(fingerprint);
  }

  /** Those that groups are to be without. */
  get leaving(): readonly string[] {
    return this.nodes.map(({ id }) => id).filter((id) => this.#list.isLeaving(id));
  }

  isDeparting(id: string): boolean {
    return this.#list.isDeparting(id);
  }

  /** Throws where there is no such slot. */
  groupOf(slot: number): number {
    return this.#slotGroups.of(slot);
  }

  /** A command that cannot be read, or may not be, changes nothing. */
  apply(body: Uint8Array): NodeChange {
    const disk = this.#fullDisks.apply(body, (id) => this.node(id) !== undefined);
    if (disk !== undefined) return { outcome: 'done', operations: disk };
    const command = decodeNodeCommand(body);
    if (command === undefined) return { outcome: 'unreadable', operations: [] };
    const change = this.#list.apply(command);
    if (change.operations.length > 0) this.#changed();
    return change;
  }
}

function readTable(rows: readonly KeyValue[]): SlotTable {
  const rowOf = (kind: number) => rows.find(([key]) => key[0] === kind)?.[1];
  const table = rowOf(CLUSTER_ROW.slotTable);
  const slotTable = table && decodeSlotTable(table);
  if (slotTable === undefined) {
    throw new NodeError('STORE_HOLE', 'Some of the membership or the slot table is missing.');
  }
  const level = rowOf(CLUSTER_ROW.featureLevel);
  const featureLevel = level === undefined ? 0 : new ByteReader(level).u16();
  if (featureLevel !== FEATURE_LEVEL) {
    throw new NodeError('FEATURE_LEVEL', `Cluster: ${featureLevel}; here: ${FEATURE_LEVEL}.`);
  }
  return slotTable;
}

function listOf(rows: readonly KeyValue[]): NodeList {
  const list = new NodeList(rows);
  if (list.nodes.length > 0) return list;
  throw new NodeError('STORE_HOLE', 'Some of the membership or the slot table is missing.');
}
