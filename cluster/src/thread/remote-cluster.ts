// A node in another thread, as the application sees it. What may be asked without waiting is kept here and changes with
// what the node tells; everything else is a call. Bytes that arrive are copied out of the buffer that brought them, or
// whoever keeps one row would keep all that came with it.

import { failure } from '../driver/submissions.ts';
import { BODY_BYTES_MAX } from '../format/command.ts';
import { APPLICATION_BYTES_MAX } from '../format/peer-payload.ts';
import { SlotGroups } from '../meta/slot-groups.ts';
import { Listeners } from '../node/listeners.ts';
import type {
  Bytes,
  Cluster,
  ClusterEvent,
  ClusterMembers,
  ClusterStatus,
  GroupScanOptions,
  NodeIdentity,
  NodeMessages,
  PeerState,
  Row,
  ScanOptions,
  Slot,
  SlotRow,
  Submitted,
} from '../ports.ts';
import type { BatchedPort } from './batched-port.ts';
import { CallTable } from './call-table.ts';
import type { FromCluster, FromNode, NodeFacts, ToNode } from './messages.ts';

/** Messages for other nodes on their way to a thread that is busy; more of them are dropped. */
const SEND_BYTES_WAITING_MAX = 8_388_608;
const NOTHING = new Uint8Array(0);

export interface RemoteClusterPorts {
  readonly port: BatchedPort<ToNode, FromNode>;
  /** The node has stopped, or cannot: its thread is of no more use. */
  close(): Promise<void>;
}

export class RemoteCluster implements Cluster {
  readonly identity: NodeIdentity;
  readonly groups: readonly number[];
  readonly nodes: NodeMessages;
  readonly members: ClusterMembers;
  readonly #ports: RemoteClusterPorts;
  readonly #calls: CallTable;
  readonly #slotGroups: SlotGroups;
  readonly #leads: Set<number>;
  readonly #events = new Listeners<[ClusterEvent]>();
  readonly #replaced = new Listeners<[group: number]>();
  readonly #leadership = new Listeners<[group: number, leader: boolean]>();
  readonly #messages = new Listeners<[nodeId: string, message: Bytes]>();
  readonly #peerChanges = new Listeners<[PeerState]>();
  readonly #memberChanges = new Listeners<[]>();
  #peers: readonly PeerState[];
  #stopping: Promise<void> | undefined;
  #hasEnded = false;

  constructor(facts: NodeFacts, ports: RemoteClusterPorts) {
    const { identity, groups, slotTable, leads, peers } = facts;
    this.identity = identity;
    this.groups = groups;
    this.#slotGroups = new SlotGroups(slotTable);
    this.#leads = new Set(leads);
    this.#peers = peers;
    this.#ports = ports;
    const calls = new CallTable(ports.port);
    this.#calls = calls;
    this.nodes = {
      peers: () => this.#peers,
      send: (nodeId, message) => this.#send(nodeId, message),
      onMessage: (listener) => this.#messages.add(listener),
      onPeerChange: (listener) => this.#peerChanges.add(listener),
      onMembersChange: (listener) => this.#memberChanges.add(listener),
    };
    this.members = {
      view: () => calls.call('view'),
      invite: (options) => calls.call('invite', options),
      add: (node) => calls.call('add', node),
      remove: (nodeId, options) => calls.call('remove', nodeId, options),
      replace: (former, node, options) => calls.call('replace', former, node, options),
    };
  }

  async submit(slot: Slot, command: Bytes, options?: { timeoutMs?: number }): Promise<Submitted> {
    if (command.length > BODY_BYTES_MAX) throw failure('CLUSTER_TOO_LARGE');
    return await this.#calls.submit(slot, command, options?.timeoutMs);
  }

  barrier(slot: Slot, options?: { timeoutMs?: number }): Promise<void> {
    return this.#calls.call('barrier', slot, options?.timeoutMs);
  }

  async get(slot: Slot, key: Bytes): Promise<Bytes | undefined> {
    return (await this.#calls.call('get', slot, key))?.slice();
  }

  async getOfGroup(group: number, key: Bytes): Promise<Bytes | undefined> {
    return (await this.#calls.call('getOfGroup', group, key))?.slice();
  }

  async scan(slot: Slot, { prefix, after, limit }: ScanOptions): Promise<readonly Row[]> {
    const rows = await this.#calls.call('scan', slot, prefix, after, limit);
    return rows.map(({ key, value }) => ({ key: key.slice(), value: value?.slice() ?? null }));
  }

  async scanGroup(
    group: number,
    { prefix, after, limit }: GroupScanOptions,
  ): Promise<readonly SlotRow[]> {
    const calls = this.#calls;
    const rows = await calls.call('scanGroup', group, prefix, after?.slot, after?.key, limit);
    return rows.map(({ slot, key, value }) => ({ slot, key: key.slice(), value: value.slice() }));
  }

  groupOf(slot: Slot): number {
    return this.#slotGroups.of(slot);
  }

  isLeader(group: number): boolean {
    return this.#leads.has(group);
  }

  onEvent(listener: (event: ClusterEvent) => void): void {
    this.#events.add(listener);
  }

  onReplaced(listener: (group: number) => void): void {
    this.#replaced.add(listener);
  }

  onLeadership(listener: (group: number, leader: boolean) => void): void {
    this.#leadership.add(listener);
  }

  async backup(): Promise<AsyncGenerator<Bytes>> {
    const bytes = this.#readBackup(await this.#calls.call('openBackup'));
    await bytes.next();
    return bytes;
  }

  status(): Promise<ClusterStatus> {
    return this.#calls.call('status');
  }

  async ready(): Promise<boolean> {
    return this.#stopping === undefined && (await this.#calls.call('ready'));
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Something that the node says. */
  received(message: FromCluster): void {
    switch (message[0]) {
      case 'answer':
        this.#calls.answered(message[1], message[2]);
        return;
      case 'submitted': {
        const [, id, index, entryTimeMs = 0, reply] = message;
        this.#calls.answered(id, { reply, index, entryTimeMs });
        return;
      }
      case 'failed':
        this.#calls.failed(message[1], message[2]);
        return;
      case 'event': {
        const [, group, slot, index = 0, event] = message;
        this.#events.emit({ group, slot, index, event: event.slice() });
        return;
      }
      case 'replaced':
        this.#replaced.emit(message[1]);
        return;
      case 'leadership':
        this.#led(message[1], message[2]);
        return;
      case 'message':
        this.#messages.emit(message[1], message[2].slice());
        return;
      case 'peer':
        this.#peers = message[2];
        this.#peerChanges.emit(message[1]);
        return;
      case 'members':
        this.#peers = message[1];
        this.#memberChanges.emit();
        return;
    }
  }

  /** The thread of the node is gone: nothing is answered any more. */
  ended(): void {
    this.#hasEnded = true;
    this.#leads.clear();
    this.#calls.end();
  }

  #led(group: number, leader: boolean): void {
    if (leader) this.#leads.add(group);
    else this.#leads.delete(group);
    this.#leadership.emit(group, leader);
  }

  #send(nodeId: string, message: Bytes): boolean {
    if (message.length > APPLICATION_BYTES_MAX) throw new RangeError('message too large');
    const { port } = this.#ports;
    const isConnected = this.#peers.some(({ node, connected }) => connected && node.id === nodeId);
    if (!isConnected || port.waitingBytes > SEND_BYTES_WAITING_MAX) return false;
    port.post(['send', nodeId, port.copy(message)]);
    return true;
  }

  /** Its first value is nothing: a generator closes what it holds only once it has begun. */
  async *#readBackup(backup: number): AsyncGenerator<Bytes> {
    try {
      yield NOTHING;
      for (;;) {
        const bytes = await this.#calls.call('readBackup', backup);
        if (bytes === undefined) return;
        yield bytes;
      }
    } finally {
      await this.#calls.call('closeBackup', backup);
    }
  }

  async #stop(): Promise<void> {
    try {
      if (!this.#hasEnded) await this.#calls.call('stop');
    } finally {
      await this.#ports.close();
      this.ended();
    }
  }
}
