// The peer listener. Whoever connects must hold the key of a listed certificate, and every frame must
// name this cluster, that member, its known incarnation and a store that is not of the past. Anything
// else is refused with a code and logged, and changes nothing.

import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import {
  type DecodedFrame,
  encodePeerFrame,
  FRAME_KIND,
  type FrameKind,
  type PeerFrame,
} from '../format/peer-frame.ts';
import { encodeHello, encodeRefusal, type PeerRefusal } from '../format/peer-payload.ts';
import { JOIN_PROTOCOL } from '../joining/join-messages.ts';
import type { MemberNode } from '../meta/meta-records.ts';
import { NodeError } from '../node-error.ts';
import { PacedLog } from '../paced-log.ts';
import { FrameSocket } from './frame-socket.ts';
import { HandshakeFailures } from './handshake-failures.ts';
import { judgeFrame } from './judge-frame.ts';
import { peerFingerprint } from './node-key.ts';
import type { Address, PeerPorts } from './peer-ports.ts';
import { RefusalCounts } from './refusal-counts.ts';
import { Silence } from './silence.ts';

const HANDSHAKE_MS_MAX = 5_000;
/** Connections that proved no key yet; one more costs the oldest its place, so nobody can block the door. */
const SHAKING_MAX = 64;
/** Above all that strangers and members can hold; never reached unless closing lags behind. */
const CONNECTIONS_MAX = 256;

export interface IncomingListener {
  onFrame(frame: PeerFrame): void;
  /** Frames of the member come in on a new connection. */
  onUp(nodeId: string): void;
  onDown(nodeId: string): void;
}

interface Incoming {
  readonly member: MemberNode;
  readonly frames: FrameSocket;
  readonly silence: Silence;
}

export class IncomingLinks {
  readonly #ports: PeerPorts;
  readonly #listener: IncomingListener;
  readonly #server: Server;
  readonly #log: PacedLog;
  readonly #failures = new HandshakeFailures();
  readonly #refusals = new RefusalCounts();
  /** Every connection, also those that are still shaking hands. */
  readonly #sockets = new Set<Socket>();
  /** By remote address and port, oldest first. */
  readonly #shaking = new Map<string, Socket>();
  /** Connections of members, of each at most one without a good frame yet. */
  readonly #open = new Set<Incoming>();
  /** The newest connection of each member with a good frame. */
  readonly #links = new Map<string, Incoming>();
  #stopped = false;

  constructor(ports: PeerPorts, listener: IncomingListener) {
    this.#ports = ports;
    this.#listener = listener;
    this.#log = new PacedLog(ports.logger);
    this.#server = createServer({
      key: ports.key.key,
      cert: ports.key.certificate,
      minVersion: 'TLSv1.3',
      requestCert: true,
      // Certificates are self-signed: the fingerprint decides, after the handshake proved the key.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS_MAX,
      // Members ask for no protocol by name.
      ALPNProtocols: [JOIN_PROTOCOL],
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('connection', (socket: Socket) => this.#connected(socket));
    this.#server.on('secureConnection', (socket) => this.#accept(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      this.#failed(socket, { reason: error.message }, 'a TLS handshake failed');
    });
  }

  /** Resolves with the port. Rejects with PEER_LISTEN_FAILED. */
  listen(address: Address): Promise<number> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => {
        const where = `${address.host}:${address.port}`;
        reject(new NodeError('PEER_LISTEN_FAILED', where, { cause: error }));
      };
      this.#server.once('error', failed);
      const { host, port } = address;
      // Without a host, Node listens on both families where the system has both.
      this.#server.listen(host === '::' ? { port } : { host, port }, () => {
        this.#server.off('error', failed);
        this.#server.on('error', (error) => {
          this.#ports.logger.error({ reason: error.message }, 'the peer listener failed');
        });
        const bound = this.#server.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : address.port);
      });
    });
  }

  isUp(nodeId: string): boolean {
    return this.#links.has(nodeId);
  }

  /** What was turned away since the start, by code. */
  get refusals(): Readonly<Record<string, number>> {
    return this.#refusals.all;
  }

  /** The node is no member any more. */
  drop(nodeId: string): void {
    for (const { member, frames } of this.#open) if (member.id === nodeId) frames.destroy();
  }

  /** Tells whoever was heard since the last call that it was, and closes what is silent for long. */
  keepAlive(): void {
    for (const { member, frames, silence } of this.#open) {
      const isProven = this.#links.get(member.id)?.frames === frames;
      if (isProven && silence.isBroken) {
        frames.send(this.#frame(member.id, FRAME_KIND.hello, encodeHello(this.#ports.hello)));
      }
      if (silence.isOver()) frames.destroy();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #connected(socket: Socket): void {
    this.#track(socket);
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || this.#failures.isBlocked(remoteAddress, performance.now())) {
      socket.destroy();
      return;
    }
    const name = remoteOf(socket);
    this.#shaking.set(name, socket);
    socket.once('close', () => {
      if (this.#shaking.get(name) === socket) this.#shaking.delete(name);
    });
    for (const [oldest, other] of this.#shaking) {
      if (this.#shaking.size <= SHAKING_MAX) break;
      this.#shaking.delete(oldest);
      other.destroy();
    }
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#stopped) socket.destroy();
  }

  #accept(socket: TLSSocket): void {
    this.#track(socket);
    this.#shaking.delete(remoteOf(socket));
    if (socket.alpnProtocol === JOIN_PROTOCOL) {
      void this.#join(socket);
      return;
    }
    const fingerprint = peerFingerprint(socket);
    const member =
      fingerprint === undefined ? undefined : this.#ports.memberByFingerprint(fingerprint);
    if (member === undefined || member.id === this.#ports.self.id) {
      socket.on('error', () => socket.destroy());
      const former = fingerprint === undefined ? undefined : this.#ports.formerMember(fingerprint);
      if (former === undefined) {
        this.#failed(socket, { fingerprint }, 'a key that no member holds');
      } else this.#sendAway(socket, former);
      return;
    }
    const frames: FrameSocket = new FrameSocket(
      socket,
      (decoded) => this.#decoded(decoded, link),
      () => this.#closed(link),
    );
    const link: Incoming = { member, frames, silence: new Silence() };
    for (const other of this.#open) {
      const isUnproven = this.#links.get(member.id) !== other;
      if (other.member.id === member.id && isUnproven) other.frames.destroy();
    }
    this.#open.add(link);
  }

  async #join(socket: TLSSocket): Promise<void> {
    const { remoteAddress: from } = socket;
    const isIn = await this.#ports.onJoining(socket);
    if (isIn) return;
    this.#refusals.count('JOIN_TOKEN_REFUSED');
    if (from !== undefined) this.#failures.count(from, performance.now());
  }

  /** A node that was removed while it was away learns it here. */
  #sendAway(socket: TLSSocket, nodeId: string): void {
    const { remoteAddress: from } = socket;
    if (from !== undefined) this.#failures.count(from, performance.now());
    const code = 'MEMBER_HAS_LEFT';
    this.#refusals.count(code);
    this.#log.warn(code, { code, node: nodeId, from }, 'a node that has left is refused');
    const frames = new FrameSocket(
      socket,
      () => {},
      () => {},
    );
    frames.end(this.#frame(nodeId, FRAME_KIND.refusal, encodeRefusal(code)));
  }

  #failed(socket: Socket, fields: object, message: string): void {
    const { remoteAddress: from } = socket;
    if (from !== undefined) this.#failures.count(from, performance.now());
    const code = 'PEER_UNKNOWN_KEY';
    this.#refusals.count(code);
    this.#log.warn(code, { code, from, ...fields }, message);
    socket.destroy();
  }

  #closed(link: Incoming): void {
    this.#open.delete(link);
    const { id } = link.member;
    if (this.#links.get(id) !== link) return;
    this.#links.delete(id);
    this.#listener.onDown(id);
  }

  #decoded(decoded: DecodedFrame, link: Incoming): void {
    const { member } = link;
    if (!decoded.ok) {
      this.#refuse(link, 'PEER_FRAME_REFUSED', decoded.reason);
      return;
    }
    const { frame } = decoded;
    const refusal = judgeFrame(frame, member, this.#ports);
    if (refusal !== undefined) {
      this.#refuse(link, refusal.code, refusal.reason);
      return;
    }
    link.silence.broken();
    const former = this.#links.get(member.id);
    if (former !== link) {
      this.#links.set(member.id, link);
      if (former !== undefined) {
        // Its close is no news any more: it is told here, while the order is clear.
        former.frames.destroy();
        this.#listener.onDown(member.id);
      }
      this.#listener.onUp(member.id);
    }
    this.#listener.onFrame(frame);
  }

  #refuse(link: Incoming, code: PeerRefusal, reason: string): void {
    const { id, name } = link.member;
    this.#refusals.count(code);
    this.#log.warn(code, { code, node: name, reason }, 'a peer is refused');
    link.frames.end(this.#frame(id, FRAME_KIND.refusal, encodeRefusal(code)));
  }

  #frame(receiver: string, kind: FrameKind, payload: Uint8Array): Uint8Array {
    return encodePeerFrame({ ...this.#ports.header(receiver), kind, payload });
  }
}

/** Names a connection while it is open: the raw socket and the TLS socket over it agree in it. */
function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
