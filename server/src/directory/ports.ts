// What the directory needs of whoever runs it. Structurally equal to the cluster's port, written
// again here because the directory imports nothing but the protocol: it could run on another store.

import type { PoolStatement, SignatureCheck, UserStatement } from '@rockpool/protocol';

export type Bytes = Uint8Array;

/** Slot number under which the meta group's application rows are addressed. */
export const META_SLOT = -1;

export interface Row {
  readonly key: Bytes;
  readonly value: Bytes | null;
}

export interface ApplyContext {
  readonly group: number;
  readonly slot: number;
  readonly index: number;
  readonly term: number;
  readonly entryTimeMs: number;
  readonly ruleVersion: number;
}

export interface Applied {
  readonly writes: readonly Row[];
  readonly reply: Bytes;
  readonly events: readonly Bytes[];
}

export interface StateMachine {
  /** Whose rows belong to the group and not to one of its slots. */
  readonly groupKeys: readonly Bytes[];
  readSet(slot: number, command: Bytes): readonly Bytes[];
  apply(rows: (key: Bytes) => Bytes | undefined, command: Bytes, context: ApplyContext): Applied;
}

/** Discharges signature checks: true when every one holds. Synchronous and without side effects. */
export type VerifyChecks = (checks: readonly SignatureCheck[]) => boolean;

/** Names of those whose authority a statement ends. */
export type Revokes = (statement: UserStatement | PoolStatement) => readonly Bytes[];

/** A node's applied rows, as the cluster's port gives them. */
export interface RowReader {
  get(slot: number, key: Bytes): Promise<Bytes | undefined>;
  getOfGroup(group: number, key: Bytes): Promise<Bytes | undefined>;
  groupOf(slot: number): number;
  scan(
    slot: number,
    options: { readonly prefix: Bytes; readonly after?: Bytes; readonly limit: number },
  ): Promise<readonly Row[]>;
}

/** Rows of every slot of one group. */
export interface GroupReader {
  scanGroup(
    group: number,
    options: {
      readonly prefix: Bytes;
      readonly after?: { readonly slot: number; readonly key: Bytes };
      readonly limit: number;
    },
  ): Promise<readonly { readonly slot: number; readonly key: Bytes; readonly value: Bytes }[]>;
}
