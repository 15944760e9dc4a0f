// What leaves in one turn: a bundle for each peer, with the messages of all groups.

import type { PeerMessage } from '../core/messages.ts';
import { encodeRaftBundles } from '../format/peer-payload.ts';

export interface OutboxPorts {
  /** False when the peer is away or its queue is full. */
  send(nodeId: string, bundle: Uint8Array): boolean;
  /** A message to the node was dropped. */
  dropped(group: number, nodeId: string): void;
}

export class Outbox {
  readonly #ports: OutboxPorts;
  readonly #messages = new Map<string, PeerMessage[]>();

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
  }

  add(message: PeerMessage): void {
    const messages = this.#messages.get(message.to);
    if (messages === undefined) this.#messages.set(message.to, [message]);
    else messages.push(message);
  }

  flush(): void {
    for (const [nodeId, messages] of this.#messages) {
      this.#messages.delete(nodeId);
      for (const bundle of encodeRaftBundles(messages)) {
        if (this.#ports.send(nodeId, bundle)) continue;
        for (const { group } of messages) this.#ports.dropped(group, nodeId);
      }
    }
  }
}
