// The peer listener. Whoever connects must hold the key of a listed certificate, and every frame must
// name this cluster, that member, its known incarnation and a boot that is not in the past. Anything
// else is refused with a code and logged, and changes nothing.

import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import {
  type DecodedFrame,
  encodePeerFrame,
  FRAME_KIND,
  type PeerFrame,
} from '../format/peer-frame.ts';
import { decodeHello, encodeRefusal, type PeerRefusal } from '../format/peer-payload.ts';
import type { MemberNode } from '../meta/meta-records.ts';
import { NodeError } from '../node-error.ts';
import { FrameSocket } from './frame-socket.ts';
import { peerFingerprint } from './node-key.ts';
import type { Address, PeerPorts } from './peer-ports.ts';

const HANDSHAKE_MS_MAX = 5_000;
const CONNECTIONS_MAX = 128;
/** One log line of each code in this time. */
const LOG_EVERY_MS = 1_000;

interface Incoming {
  readonly frames: FrameSocket;
  heard: boolean;
}

export class IncomingLinks {
  readonly #ports: PeerPorts;
  readonly #server: Server;
  /** Also those that are still shaking hands. */
  readonly #sockets = new Set<Socket>();
  #stopped = false;
  /** The newest connection of each member. */
  readonly #links = new Map<string, Incoming>();
  readonly #loggedMs = new Map<string, number>();
  readonly #onFrame: (frame: PeerFrame) => void;

  constructor(ports: PeerPorts, onFrame: (frame: PeerFrame) => void) {
    this.#ports = ports;
    this.#onFrame = onFrame;
    this.#server = createServer({
      key: ports.key.key,
      cert: ports.key.certificate,
      minVersion: 'TLSv1.3',
      requestCert: true,
      // Certificates are self-signed: the fingerprint decides, after the handshake proved the key.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS_MAX,
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('connection', (socket: Socket) => this.#track(socket));
    this.#server.on('secureConnection', (socket) => this.#accept(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      this.#warn('PEER_UNKNOWN_KEY', { reason: error.message }, 'a TLS handshake failed');
      socket.destroy();
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

  /** Closes the connections that were silent since the last call; gives their nodes. */
  dropSilent(): readonly string[] {
    const silent: string[] = [];
    for (const [nodeId, link] of this.#links) {
      if (!link.heard) {
        silent.push(nodeId);
        link.frames.destroy();
      }
      link.heard = false;
    }
    return silent;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#stopped) socket.destroy();
  }

  #accept(socket: TLSSocket): void {
    this.#track(socket);
    const fingerprint = peerFingerprint(socket);
    const member =
      fingerprint === undefined ? undefined : this.#ports.memberByFingerprint(fingerprint);
    if (member === undefined || member.id === this.#ports.self.id) {
      socket.on('error', () => socket.destroy());
      const from = socket.remoteAddress;
      this.#warn('PEER_UNKNOWN_KEY', { from, fingerprint }, 'a key that no member holds');
      socket.destroy();
      return;
    }
    const frames: FrameSocket = new FrameSocket(
      socket,
      (decoded) => this.#decoded(decoded, member, link),
      () => {
        if (this.#links.get(member.id) !== link) return;
        this.#links.delete(member.id);
        this.#ports.onPeerChange(member.id);
      },
    );
    const link: Incoming = { frames, heard: true };
  }

  #decoded(decoded: DecodedFrame, member: MemberNode, link: Incoming): void {
    if (!decoded.ok) {
      this.#refuse(link, member, 'PEER_FRAME_REFUSED', decoded.reason);
      return;
    }
    const { frame } = decoded;
    const refusal = this.#check(frame, member);
    if (refusal !== undefined) {
      this.#refuse(link, member, refusal.code, refusal.reason);
      return;
    }
    link.heard = true;
    if (this.#links.get(member.id) !== link) {
      this.#links.get(member.id)?.frames.destroy();
      this.#links.set(member.id, link);
      this.#ports.onPeerChange(member.id);
    }
    this.#onFrame(frame);
  }

  #check(
    frame: PeerFrame,
    member: MemberNode,
  ): { readonly code: PeerRefusal; readonly reason: string } | undefined {
    const { clusterId, self } = this.#ports;
    if (frame.clusterId !== clusterId) return { code: 'PEER_WRONG_CLUSTER', reason: 'cluster id' };
    if (frame.sender !== member.id) return { code: 'PEER_UNKNOWN_KEY', reason: 'sender' };
    if (frame.receiver !== self.id) return { code: 'PEER_FRAME_REFUSED', reason: 'receiver' };
    if (frame.kind === FRAME_KIND.refusal) return { code: 'PEER_FRAME_REFUSED', reason: 'kind' };
    if (frame.kind === FRAME_KIND.hello && decodeHello(frame.payload) === undefined) {
      return { code: 'PEER_FRAME_REFUSED', reason: 'hello' };
    }
    if (frame.incarnation !== member.incarnation) {
      return { code: 'PEER_INCARNATION', reason: 'another incarnation' };
    }
    const remembered = this.#ports.rememberedBoot(member.id);
    if (frame.bootNumber < remembered) {
      return { code: 'PEER_INCARNATION', reason: 'a boot of the past' };
    }
    if (frame.bootNumber > remembered) this.#ports.rememberBoot(member.id, frame.bootNumber);
    return undefined;
  }

  #refuse(link: Incoming, member: MemberNode, code: PeerRefusal, reason: string): void {
    this.#warn(code, { node: member.name, reason }, 'a peer is refused');
    const { self, clusterId, bootNumber, nowMs } = this.#ports;
    link.frames.end(
      encodePeerFrame({
        clusterId,
        sender: self.id,
        incarnation: self.incarnation,
        bootNumber,
        receiver: member.id,
        clockMs: nowMs(),
        kind: FRAME_KIND.refusal,
        payload: encodeRefusal(code),
      }),
    );
  }

  #warn(code: PeerRefusal, fields: object, message: string): void {
    const nowMs = performance.now();
    if (nowMs - (this.#loggedMs.get(code) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return;
    this.#loggedMs.set(code, nowMs);
    this.#ports.logger.warn({ code, ...fields }, message);
  }
}
