// What leaves in one turn: a bundle for each peer, with the messages of all groups. How far entries are committed
// waits a moment for company where nobody at the other end waits for it: told alone it costs both ends as much
// as an entry, and at the very moment at which the leader answers whoever submitted it.

import type { After, Cancel } from '@rockpool/storage';
import type { PeerMessage } from '../core/messages.ts';
import { encodeRaftBundles } from '../format/peer-payload.ts';

/**
 * So long a commit index waits; the listeners of a follower hear of entries so much later at most. While clients write, their
 * next entries come sooner.
 */
const QUIET_MS = 10;

export interface OutboxPorts {
  readonly after: After;
  /** False when the peer is away or its queue is full. */
  send(nodeId: string, bundle: Uint8Array): boolean;
  /** A message to the node was dropped. */
  dropped(group: number, nodeId: string): void;
  /** What waited has waited long enough: flush() is wanted. */
  due(): void;
}

interface Queue {
  readonly messages: PeerMessage[];
  isDue: boolean;
}

export class Outbox {
  readonly #ports: OutboxPorts;
  readonly #queues = new Map<string, Queue>();
  /** By node and group: the last entry that the node itself asked for. */
  readonly #awaited = new Map<string, Map<number, number>>();
  #cancelTimer: Cancel | undefined;

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
  }

  add(message: PeerMessage): void {
    let queue = this.#queues.get(message.to);
    if (queue === undefined) {
      queue = { messages: [], isDue: false };
      this.#queues.set(message.to, queue);
    }
    if (message.kind === 'append') dropWaiting(queue.messages, message.group);
    queue.messages.push(message);
    if (!this.#canWait(message)) queue.isDue = true;
  }

  /** Somebody on that node waits for the entry: it is told at once that it is committed. */
  awaits(nodeId: string, group: number, index: number): void {
    const groups = this.#awaited.get(nodeId);
    if (groups === undefined) this.#awaited.set(nodeId, new Map([[group, index]]));
    else groups.set(group, index);
  }

  /** What the node asked for, it must ask for again. */
  lost(nodeId: string): void {
    this.#awaited.delete(nodeId);
  }

  flush(): void {
    for (const [nodeId, { messages, isDue }] of this.#queues) {
      if (!isDue) continue;
      this.#queues.delete(nodeId);
      for (const bundle of encodeRaftBundles(messages)) {
        if (this.#ports.send(nodeId, bundle)) continue;
        for (const { group } of messages) this.#ports.dropped(group, nodeId);
      }
    }
    if (this.#queues.size === 0) return;
    this.#cancelTimer ??= this.#ports.after(QUIET_MS, () => this.#waited());
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  #canWait(message: PeerMessage): boolean {
    if (message.kind !== 'append') return false;
    const { to, group, commit, entries } = message;
    const groups = this.#awaited.get(to);
    const index = groups?.get(group);
    if (index !== undefined && commit >= index) groups?.delete(group);
    return index === undefined && entries.length === 0;
  }

  #waited(): void {
    this.#cancelTimer = undefined;
    if (this.#queues.size === 0) return;
    for (const queue of this.#queues.values()) queue.isDue = true;
    this.#ports.due();
  }
}

/** The append that comes now says all that one without entries was to say. */
function dropWaiting(messages: PeerMessage[], group: number): void {
  const at = messages.findIndex(
    (message) =>
      message.kind === 'append' && message.group === group && message.entries.length === 0,
  );
  if (at !== -1) messages.splice(at, 1);
}
