// One node's door to the cluster: reads from the node's own applied state, writes through the group's
// leader, and messages between the applications of two nodes.

import type { After } from '@rockpool/storage';
import { startBackup } from '../backup/write-backup.ts';
import { NOBODY } from '../core/configuration.ts';
import type { Driver } from '../driver/driver.ts';
import { failure } from '../driver/submissions.ts';
import { BODY_BYTES_MAX } from '../format/command.ts';
import type { StoreIdentity } from '../format/identity.ts';
import { FRAME_KIND } from '../format/peer-frame.ts';
import { APPLICATION_BYTES_MAX } from '../format/peer-payload.ts';
import { rowHeadBytes, rowKey, slotOfRowKey } from '../format/store-key.ts';
import type { MetaState } from '../meta/meta-state.ts';
import {
  type Bytes,
  type Cluster,
  type ClusterEvent,
  type ClusterStatus,
  type GroupScanOptions,
  META,
  type NodeIdentity,
  type NodeInfo,
  type NodeMessages,
  type PeerState,
  type Row,
  type ScanOptions,
  type Slot,
  type SlotRow,
  type Submitted,
} from '../ports.ts';
import { type LogStore, rowRange } from '../store/log-store.ts';
import { Members } from './cluster-members.ts';
import type { Listeners } from './listeners.ts';
import type { Transport } from './machine.ts';
import { ReadSlots } from './read-slots.ts';

const TIMEOUT_MS = 5_000;

export interface ClusterNodeParts {
  readonly identity: StoreIdentity;
  readonly meta: MetaState;
  readonly store: LogStore;
  readonly driver: Driver;
  readonly transport: Pick<Transport, 'isConnected' | 'refusals' | 'troubleWith' | 'send'>;
  readonly groups: readonly number[];
  /** Commit index of each group as the store gave it at start. */
  readonly commitAtStart: ReadonlyMap<number, number>;
  readonly listenAddress: string;
  readonly bootOf: (nodeId: string) => number;
  readonly isBehind: (nodeId: string) => boolean;
  readonly listeners: NodeListeners;
  readonly after: After;
  readonly giveJoinSecret: () => Uint8Array;
  readonly isStopped: () => boolean;
  readonly stop: () => Promise<void>;
}

export interface NodeListeners {
  readonly event: Listeners<[ClusterEvent]>;
  readonly leadership: Listeners<[group: number, leader: boolean]>;
  readonly replaced: Listeners<[group: number]>;
  readonly message: Listeners<[nodeId: string, message: Bytes]>;
  readonly peer: Listeners<[nodeId: string]>;
  /** Nodes came, went, or are elsewhere. */
  readonly nodes: Listeners<[]>;
}

export class ClusterNode implements Cluster {
  readonly nodes: NodeMessages;
  readonly members: Members;
  readonly identity: NodeIdentity;
  readonly #parts: ClusterNodeParts;
  readonly #reads = new ReadSlots();

  constructor(parts: ClusterNodeParts) {
    this.#parts = parts;
    const { transport, listeners, meta } = parts;
    const { clusterId, realm, nodeId, incarnation, bootNumber } = parts.identity;
    const name = meta.node(nodeId)?.name ?? '';
    this.identity = { clusterId, realm, nodeId, name, incarnation, bootNumber };
    this.members = new Members({ ...parts, changed: listeners.nodes });
    this.nodes = {
      peers: () => this.#peers(),
      onMembersChange: (listener) => listeners.nodes.add(listener),
      send: (nodeId, message) => {
        if (message.length > APPLICATION_BYTES_MAX) throw new RangeError('message too large');
        return transport.send(nodeId, FRAME_KIND.application, message);
      },
      onMessage: (listener) => listeners.message.add(listener),
      onPeerChange: (listener) =>
        listeners.peer.add((nodeId) => {
          const state = this.#peerState(nodeId);
          if (state !== undefined) listener(state);
        }),
    };
  }

  get groups(): readonly number[] {
    return this.#parts.groups;
  }

  async submit(slot: Slot, command: Bytes, options?: { timeoutMs?: number }): Promise<Submitted> {
    const group = this.groupOf(slot);
    if (command.length > BODY_BYTES_MAX) throw failure('CLUSTER_TOO_LARGE');
    if (this.#parts.meta.full.length > 0) throw failure('CLUSTER_READ_ONLY');
    const timeoutMs = options?.timeoutMs ?? TIMEOUT_MS;
    return await this.#parts.driver.submissions.submit(group, slot, command, timeoutMs);
  }

  async barrier(slot: Slot, options?: { timeoutMs?: number }): Promise<void> {
    const timeoutMs = options?.timeoutMs ?? TIMEOUT_MS;
    await this.#parts.driver.reads.current(this.groupOf(slot), timeoutMs);
  }

  async get(slot: Slot, key: Bytes): Promise<Bytes | undefined> {
    const place = rowKey(this.groupOf(slot), slot, key);
    const [value] = await this.#reads.run(() => this.#store().getMany([place]));
    return value;
  }

  async getOfGroup(group: number, key: Bytes): Promise<Bytes | undefined> {
    const [value] = await this.#store().getMany([rowKey(group, META, key)]);
    return value;
  }

  async scan(slot: Slot, options: ScanOptions): Promise<readonly Row[]> {
    const range = rowRange(this.groupOf(slot), slot, options.prefix, options.after);
    const rows = await this.#reads.run(() => this.#store().scan(range, options.limit));
    return rows.map(([key, value]) => ({ key: key.subarray(rowHeadBytes(slot)), value }));
  }

  async scanGroup(group: number, options: GroupScanOptions): Promise<readonly SlotRow[]> {
    const { prefix, after, limit } = options;
    if (group === 0) {
      const range = rowRange(0, META, prefix, after?.key);
      const rows = await this.#reads.run(() => this.#store().scan(range, limit));
      const head = rowHeadBytes(META);
      return rows.map(([key, value]) => ({ slot: META, key: key.subarray(head), value }));
    }
    const rows = await this.#reads.run(() => this.#store().scanSlots(group, options));
    return rows.map(([key, value]) => {
      return { slot: slotOfRowKey(key), key: key.subarray(rowHeadBytes(0)), value };
    });
  }

  groupOf(slot: Slot): number {
    return this.#parts.meta.groupOf(slot);
  }

  isLeader(group: number): boolean {
    return this.#parts.driver.member(group)?.raft.role === 'leader';
  }

  onEvent(listener: (event: ClusterEvent) => void): void {
    this.#parts.listeners.event.add(listener);
  }

  onReplaced(listener: (group: number) => void): void {
    this.#parts.listeners.replaced.add(listener);
  }

  onLeadership(listener: (group: number, leader: boolean) => void): void {
    this.#parts.listeners.leadership.add(listener);
  }

  ready(): boolean {
    const { driver, groups, commitAtStart, isStopped } = this.#parts;
    if (isStopped()) return false;
    return groups.every((group) => {
      const member = driver.member(group);
      const status = member?.raft.status();
      if (member === undefined || status === undefined || status.leader === undefined) return false;
      const target = Math.max(commitAtStart.get(group) ?? 0, status.commit);
      // A noop of the leader's term was applied: all that was committed before that term is here.
      return member.appliedTerm === status.term && member.appliedIndex >= target;
    });
  }

  async backup(): Promise<AsyncGenerator<Bytes>> {
    const { identity, driver, groups } = this.#parts;
    const store = this.#store();
    return await startBackup({
      groups,
      realm: identity.realm,
      clusterId: identity.clusterId,
      nowMs: () => Date.now(),
      appliedIndex: (group) => driver.member(group)?.appliedIndex ?? 0,
      current: (group) => driver.reads.current(group, TIMEOUT_MS),
      cut: (all) => store.cut(all),
    });
  }

  status(): ClusterStatus {
    const { meta, driver, groups, listenAddress, store } = this.#parts;
    const { clusterId, realm, incarnation, bootNumber, nodeId, name } = this.identity;
    return {
      clusterId,
      realm,
      self: this.#info(nodeId) ?? { id: nodeId, name, peerAddress: '', fingerprint: '' },
      listenAddress,
      incarnation,
      bootNumber,
      ...driver.health,
      syncs: store.syncs,
      groups: groups.map((group) => {
        const member = driver.member(group);
        const status = member?.raft.status();
        return {
          group,
          role: status?.role ?? 'follower',
          term: status?.term ?? 0,
          ...(status?.leader === undefined ? {} : { leader: status.leader }),
          commitIndex: status?.commit ?? 0,
          appliedIndex: member?.appliedIndex ?? 0,
          isResting: driver.isResting(group),
          members: status?.configuration ?? NOBODY,
          firstIndex: status?.firstIndex ?? 0,
          lastIndex: status?.lastIndex ?? 0,
          followers: (status?.followers ?? []).map(({ node, matchIndex, state, isLive }) => {
            return { node, matchIndex, state, isLive };
          }),
          ...driver.history.of(group),
        };
      }),
      full: meta.full.map(({ name }) => name),
      peers: this.#peers(),
      refusals: this.#parts.transport.refusals,
    };
  }

  stop(): Promise<void> {
    return this.#parts.stop();
  }

  #store(): LogStore {
    if (this.#parts.isStopped()) throw failure('CLUSTER_STOPPED');
    return this.#parts.store;
  }

  #peers(): readonly PeerState[] {
    const { nodes } = this.#parts.meta;
    return nodes.flatMap(({ id }) => {
      return id === this.identity.nodeId ? [] : (this.#peerState(id) ?? []);
    });
  }

  #peerState(nodeId: string): PeerState | undefined {
    const { meta, transport, bootOf, isBehind } = this.#parts;
    const node = this.#info(nodeId);
    const member = meta.node(nodeId);
    if (node === undefined || member === undefined) return undefined;
    const bootNumber = bootOf(nodeId);
    const trouble = transport.troubleWith(nodeId);
    return {
      node,
      connected: transport.isConnected(nodeId),
      ...(trouble && { trouble }),
      isBehind: isBehind(nodeId),
      ...(bootNumber > 0 && { incarnation: member.incarnation, bootNumber }),
    };
  }

  #info(nodeId: string): NodeInfo | undefined {
    const member = this.#parts.meta.node(nodeId);
    if (member === undefined) return undefined;
    const { id, name, peerAddress, fingerprint } = member;
    return { id, name, peerAddress, fingerprint };
  }
}
