// A node as the application's thread reaches it: says what there is, carries out calls, tells what happens.

import { failure } from '../driver/submissions.ts';
import type { Awaitable, Bytes, Cluster, SlotTable } from '../ports.ts';
import { BatchedPort, type PortEnd } from './batched-port.ts';
import { carry } from './carried-error.ts';
import { EventFeed } from './event-feed.ts';
import type { CallName, Calls, FromNode, NodeFacts, SubmitRecord, ToNode } from './messages.ts';
import { OpenBackups } from './open-backups.ts';
import { TurnQueue } from './turn-queue.ts';

type NodePort = BatchedPort<FromNode, ToNode>;

type Handlers = {
  readonly [Name in CallName]: (
    ...args: Parameters<Calls[Name]>
  ) => Awaitable<ReturnType<Calls[Name]>>;
};

type Copy = (bytes: Bytes) => Bytes;

/** The node's end. It is there before the node is, whose start has much to say already. */
export class ClusterService {
  readonly port: NodePort;
  #cluster: Cluster | undefined;
  #handlers: Handlers | undefined;
  #feed: EventFeed | undefined;

  constructor(end: PortEnd) {
    const queue = new TurnQueue<ToNode>((message) => this.#received(message));
    this.port = new BatchedPort(end, {
      received: (message: ToNode) => queue.add(message),
      handled: () => this.#feed?.roomMade(),
    });
  }

  async start(cluster: Cluster): Promise<void> {
    const { slotTable } = await cluster.members.view();
    this.#cluster = cluster;
    this.#handlers = handlersOf(cluster);
    // In one turn: from these facts on, every change of them is told.
    this.port.post(['started', factsOf(cluster, slotTable)]);
    this.#feed = new EventFeed(cluster, this.port);
  }

  #received(message: ToNode): void {
    switch (message[0]) {
      case 'send':
        this.#cluster?.nodes.send(message[1], message[2]);
        return;
      case 'submit':
        void this.#submit(message);
        return;
      case 'call':
        void this.#carryOut(message[1], message[2], message[3]);
    }
  }

  async #submit([, id, slot, timeoutMs, command]: SubmitRecord): Promise<void> {
    try {
      const submitted = await this.#cluster?.submit(slot, command, within(timeoutMs));
      if (submitted === undefined) throw failure('CLUSTER_STOPPED');
      const { index, entryTimeMs, reply } = submitted;
      this.port.postRecord(['submitted', id, index, entryTimeMs, reply]);
      // All that one turn of the driver applied is answered in one callback: to wait for others would gain nothing.
      this.port.hurry();
    } catch (error) {
      this.port.post(['failed', id, carry(error)]);
    }
  }

  async #carryOut(id: number, name: CallName, args: readonly unknown[]): Promise<void> {
    try {
      const handler = this.#handlers?.[name] as ((...args: unknown[]) => unknown) | undefined;
      const value = await handler?.(...args);
      const copied = COPIED[name]?.(value as never, (bytes) => this.port.copy(bytes)) ?? value;
      this.port.post(['answer', id, copied]);
    } catch (error) {
      this.port.post(['failed', id, carry(error)]);
    }
  }
}

function factsOf(cluster: Cluster, slotTable: SlotTable): NodeFacts {
  const { identity, groups, nodes } = cluster;
  const leads = groups.filter((group) => cluster.isLeader(group));
  return { identity, groups, slotTable, leads, peers: nodes.peers() };
}

function handlersOf(cluster: Cluster): Handlers {
  const { members } = cluster;
  const backups = new OpenBackups(cluster);
  return {
    barrier: (slot, timeoutMs) => cluster.barrier(slot, within(timeoutMs)),
    get: (slot, key) => cluster.get(slot, key),
    getOfGroup: (group, key) => cluster.getOfGroup(group, key),
    scan: (slot, prefix, after, limit) => {
      return cluster.scan(slot, { prefix, limit, ...(after === undefined ? {} : { after }) });
    },
    scanGroup: (group, prefix, slot, key, limit) => {
      const after = slot === undefined || key === undefined ? {} : { after: { slot, key } };
      return cluster.scanGroup(group, { prefix, limit, ...after });
    },
    status: () => cluster.status(),
    ready: () => cluster.ready(),
    view: () => members.view(),
    invite: (options) => members.invite(options),
    add: (node) => members.add(node),
    remove: (nodeId, options) => members.remove(nodeId, options),
    replace: (former, node, options) => members.replace(former, node, options),
    openBackup: () => backups.open(),
    readBackup: (backup) => backups.read(backup),
    closeBackup: (backup) => backups.close(backup),
    stop: () => cluster.stop(),
  };
}

function within(timeoutMs: number | undefined): { timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs };
}

/** Answers with bytes in them, and those copied. */
const COPIED: {
  readonly [Name in CallName]?: (value: ReturnType<Calls[Name]>, copy: Copy) => unknown;
} = {
  get: (value, copy) => value && copy(value),
  getOfGroup: (value, copy) => value && copy(value),
  scan: (rows, copy) =>
    rows.map(({ key, value }) => ({ key: copy(key), value: value && copy(value) })),
  scanGroup: (rows, copy) =>
    rows.map(({ slot, key, value }) => ({ slot, key: copy(key), value: copy(value) })),
  readBackup: (value, copy) => value && copy(value),
};
