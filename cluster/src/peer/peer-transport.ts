// All connections between this node and the others. A peer counts as connected while frames can go
// to it and frames come from it. Both ends of each connection hear of the other in every round, or give
// it up: TCP by itself waits the longer for an answer the longer the way was cut.

import type { Cancel } from '@rockpool/storage';
import { SYSTEM_CLOCK } from '../driver/clock.ts';
import { FRAME_KIND, type FrameKind, type PeerFrame } from '../format/peer-frame.ts';
import { decodeHello } from '../format/peer-payload.ts';
import { HostFinder } from './host-finder.ts';
import { IncomingLinks, type IncomingListener } from './incoming-links.ts';
import { OutgoingLink } from './outgoing-link.ts';
import type { Address, PeerPorts } from './peer-ports.ts';
import type { PeerTrouble } from './peer-trouble.ts';

/** A connection is dead after SILENT_ROUNDS_MAX of these: within 1.6 to 2 s. */
const KEEP_ALIVE_MS = 400;

export type Incoming = Pick<
  IncomingLinks,
  'listen' | 'isUp' | 'refusals' | 'keepAlive' | 'drop' | 'stop'
>;
export type Outgoing = Pick<
  OutgoingLink,
  'up' | 'trouble' | 'dial' | 'dialNow' | 'send' | 'keepAlive' | 'stop'
>;

/** How connections are made, and how time passes. */
export interface PeerLinks {
  incoming(ports: PeerPorts, listener: IncomingListener): Incoming;
  outgoing(nodeId: string, ports: PeerPorts, onChange: (isUp: boolean) => void): Outgoing;
  every(intervalMs: number, run: () => void): Cancel;
}

/** Connections by TLS. */
export function tlsLinks(hosts = new HostFinder()): PeerLinks {
  return {
    incoming: (ports, listener) => new IncomingLinks(ports, listener),
    outgoing: (nodeId, ports, onChange) => new OutgoingLink(nodeId, ports, onChange, hosts),
    every: SYSTEM_CLOCK.every,
  };
}

export class PeerTransport {
  readonly #ports: PeerPorts;
  readonly #links: PeerLinks;
  readonly #incoming: Incoming;
  readonly #outgoing = new Map<string, Outgoing>();
  readonly #connected = new Set<string>();
  #isStarted = false;
  #stopKeepAlive: Cancel | undefined;

  constructor(ports: PeerPorts, links: PeerLinks = tlsLinks()) {
    this.#ports = ports;
    this.#links = links;
    this.#incoming = links.incoming(ports, {
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
    this.#stopKeepAlive = this.#links.every(KEEP_ALIVE_MS, () => this.#keepAlive());
    return port;
  }

  /** Dials whoever is new, and lets go of whoever is not listed any more. */
  membersChanged(): void {
    if (!this.#isStarted) return;
    const { members, self } = this.#ports;
    const listed = new Set(members().map(({ id }) => id));
    for (const id of listed) {
      if (id === self.id || this.#outgoing.has(id)) continue;
      const link = this.#links.outgoing(id, this.#ports, (isUp) => this.#changed(id, isUp));
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

  /** What the peer port turned away since the start, by code. */
  get refusals(): Readonly<Record<string, number>> {
    return this.#incoming.refusals;
  }

  isConnected(nodeId: string): boolean {
    return this.#connected.has(nodeId);
  }

  /** Of a peer that is not connected. */
  troubleWith(nodeId: string): PeerTrouble | undefined {
    if (this.isConnected(nodeId)) return undefined;
    const link = this.#outgoing.get(nodeId);
    return link?.trouble ?? (link?.up ? 'oneWay' : undefined);
  }

  /** False when the peer is away or too much waits for it. */
  send(nodeId: string, kind: FrameKind, payload: Uint8Array): boolean {
    return this.#outgoing.get(nodeId)?.send(kind, payload) ?? false;
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#stopKeepAlive?.();
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
