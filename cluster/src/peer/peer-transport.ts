// All connections between this node and the others. A peer counts as connected while frames can go
// to it and frames come from it. Both ends of each connection hear of the other in every round, or give
// it up: TCP by itself waits the longer for an answer the longer the way was cut.

import { FRAME_KIND, type FrameKind, type PeerFrame } from '../format/peer-frame.ts';
import { decodeHello } from '../format/peer-payload.ts';
import { IncomingLinks } from './incoming-links.ts';
import { OutgoingLink } from './outgoing-link.ts';
import type { Address, PeerPorts } from './peer-ports.ts';

/** A connection is dead after SILENT_ROUNDS_MAX of these: within 1.6 to 2 s. */
const KEEP_ALIVE_MS = 400;

export class PeerTransport {
  readonly #ports: PeerPorts;
  readonly #incoming: IncomingLinks;
  readonly #outgoing = new Map<string, OutgoingLink>();
  readonly #connected = new Set<string>();
  #isStarted = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: PeerPorts) {
    this.#ports = ports;
    this.#incoming = new IncomingLinks(ports, {
      onFrame: (frame) => this.#received(frame),
      onUp: (nodeId) => {
        this.#outgoing.get(nodeId)?.dialNow();
        this.#changed(nodeId, true);
      },
      onDown: (nodeId) => this.#changed(nodeId, false),
    });
  }

  /** Resolves with the port that it listens on. */
  async start(listen: Address): Promise<number> {
    const port = await this.#incoming.listen(listen);
    this.#isStarted = true;
    this.membersChanged();
    this.#timer = setInterval(() => this.#keepAlive(), KEEP_ALIVE_MS);
    return port;
  }

  /** Dials whoever is new, and lets go of whoever is not listed any more. */
  membersChanged(): void {
    if (!this.#isStarted) return;
    const { members, self } = this.#ports;
    const listed = new Set(members().map(({ id }) => id));
    for (const id of listed) {
      if (id === self.id || this.#outgoing.has(id)) continue;
      const link = new OutgoingLink(id, this.#ports, (isUp) => this.#changed(id, isUp));
      this.#outgoing.set(id, link);
      link.dial();
    }
    for (const [id, link] of this.#outgoing) {
      if (listed.has(id)) continue;
      this.#outgoing.delete(id);
      link.stop();
      this.#incoming.drop(id);
      this.#changed(id, false);
    }
  }

  isConnected(nodeId: string): boolean {
    return this.#connected.has(nodeId);
  }

  /** False when the peer is away or too much waits for it. */
  send(nodeId: string, kind: FrameKind, payload: Uint8Array): boolean {
    return this.#outgoing.get(nodeId)?.send(kind, payload) ?? false;
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    clearInterval(this.#timer);
    for (const link of this.#outgoing.values()) link.stop();
    await this.#incoming.stop();
  }

  #received(frame: PeerFrame): void {
    const hello = frame.kind === FRAME_KIND.hello ? decodeHello(frame.payload) : undefined;
    if (hello === undefined) this.#ports.onFrame(frame);
    else this.#ports.onHello(frame.sender, hello);
  }

  #keepAlive(): void {
    for (const link of this.#outgoing.values()) link.keepAlive();
    this.#incoming.keepAlive();
  }

  #changed(nodeId: string, isUp: boolean): void {
    const isConnected = this.#incoming.isUp(nodeId) && this.#outgoing.get(nodeId)?.up === true;
    const wasConnected = this.#connected.has(nodeId);
    if (isConnected) this.#connected.add(nodeId);
    else this.#connected.delete(nodeId);
    // Also where the peer did not count as connected: frames were sent on this way all the same.
    if (!isUp) this.#ports.onLost(nodeId);
    if (isConnected !== wasConnected) this.#ports.onPeerChange(nodeId);
  }
}
