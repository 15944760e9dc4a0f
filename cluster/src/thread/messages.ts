// What the thread of a node and the thread of the application say to each other. Tuples: they cost half as much
// to copy as objects with named fields.

import type {
  Bytes,
  ClusterStatus,
  ClusterView,
  DepartureOptions,
  JoinInvite,
  NewNode,
  NodeIdentity,
  PeerState,
  Row,
  Slot,
  SlotRow,
  SlotTable,
} from '../ports.ts';
import type { CarriedError, ErrorWords } from './carried-error.ts';
import type { PackedRecord } from './packed-records.ts';

/** Each is answered once. */
export interface Calls {
  barrier(slot: Slot, timeoutMs: number | undefined): void;
  get(slot: Slot, key: Bytes): Bytes | undefined;
  getOfGroup(group: number, key: Bytes): Bytes | undefined;
  scan(slot: Slot, prefix: Bytes, after: Bytes | undefined, limit: number): readonly Row[];
  scanGroup(
    group: number,
    prefix: Bytes,
    afterSlot: Slot | undefined,
    afterKey: Bytes | undefined,
    limit: number,
  ): readonly SlotRow[];
  status(): ClusterStatus;
  ready(): boolean;
  view(): ClusterView;
  invite(options: { address?: string } | undefined): JoinInvite;
  add(node: NewNode): void;
  remove(nodeId: string, options: DepartureOptions | undefined): void;
  replace(former: string, node: NewNode, options: DepartureOptions | undefined): void;
  /** The number under which its bytes are read. */
  openBackup(): number;
  /** Undefined: that was all. */
  readBackup(backup: number): Bytes | undefined;
  closeBackup(backup: number): void;
  stop(): void;
}

export type CallName = keyof Calls;

type CallMessage = {
  [Name in CallName]: readonly ['call', id: number, name: Name, args: Parameters<Calls[Name]>];
}[CallName];

/** Id, slot, how long it may take; the command. */
export type SubmitRecord = PackedRecord<'submit'>;
/** Id, index and time of the entry; the reply. */
export type SubmittedRecord = PackedRecord<'submitted'>;
/** Group, slot and index of the entry; the event. */
export type EventRecord = PackedRecord<'event'>;

export type ToNode = CallMessage | SubmitRecord | readonly ['send', nodeId: string, message: Bytes];

/** What the application may ask without waiting, as of the moment from which on changes are told. */
export interface NodeFacts {
  readonly identity: NodeIdentity;
  readonly groups: readonly number[];
  readonly slotTable: SlotTable;
  readonly leads: readonly number[];
  readonly peers: readonly PeerState[];
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a running node says by itself. */
export type FromCluster =
  | readonly ['answer', id: number, value: unknown]
  | SubmittedRecord
  | readonly ['failed', id: number, error: CarriedError]
  | EventRecord
  | readonly ['replaced', group: number]
  | readonly ['leadership', group: number, leader: boolean]
  | readonly ['message', nodeId: string, message: Bytes]
  | readonly ['peer', peer: PeerState, peers: readonly PeerState[]]
  | readonly ['members', peers: readonly PeerState[]];

export type FromNode =
  | FromCluster
  | readonly ['started', facts: NodeFacts]
  | readonly ['notStarted', error: CarriedError]
  | readonly ['fatal', error: CarriedError]
  | readonly ['log', level: LogLevel, fields: object, errors: NamedErrors, message: string];

/** Fields of a log line that are Errors. */
export type NamedErrors = Readonly<Record<string, ErrorWords>>;
