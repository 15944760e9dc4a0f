// What the node tells the application's thread by itself. When that one is so busy that too much waits for it, events are
// left out, and their groups are said to be replaced once there is room again: what is derived from them is then read anew.

import type { Bytes, Cluster, ClusterEvent } from '../ports.ts';
import type { EventRecord, FromCluster } from './messages.ts';

const EVENT_BYTES_WAITING_MAX = 33_554_432;
/** Messages of other nodes may be lost. */
const MESSAGE_BYTES_WAITING_MAX = 8_388_608;

export interface FeedPort {
  readonly waitingBytes: number;
  copy(bytes: Bytes): Bytes;
  post(message: FromCluster): void;
  postRecord(event: EventRecord): void;
}

export class EventFeed {
  readonly #port: FeedPort;
  readonly #incomplete = new Set<number>();

  constructor(cluster: Cluster, port: FeedPort) {
    this.#port = port;
    const { nodes } = cluster;
    cluster.onEvent((event) => this.#event(event));
    cluster.onReplaced((group) => port.post(['replaced', group]));
    cluster.onLeadership((group, leader) => port.post(['leadership', group, leader]));
    nodes.onMessage((nodeId, message) => {
      if (port.waitingBytes > MESSAGE_BYTES_WAITING_MAX) return;
      port.post(['message', nodeId, port.copy(message)]);
    });
    nodes.onPeerChange((peer) => port.post(['peer', peer, nodes.peers()]));
    nodes.onMembersChange(() => port.post(['members', nodes.peers()]));
  }

  /** The application's thread has caught up with some of what waited. */
  roomMade(): void {
    if (this.#incomplete.size === 0 || this.#port.waitingBytes > EVENT_BYTES_WAITING_MAX / 2)
      return;
    for (const group of this.#incomplete) this.#port.post(['replaced', group]);
    this.#incomplete.clear();
  }

  #event({ group, slot, index, event }: ClusterEvent): void {
    const isFull = this.#port.waitingBytes > EVENT_BYTES_WAITING_MAX;
    if (isFull || this.#incomplete.has(group)) this.#incomplete.add(group);
    else this.#port.postRecord(['event', group, slot, index, event]);
  }
}
