// This node's connection to one peer. Each node dials every other one and sends on what it dialled,
// so no two connections ever compete; on it come back hellos, which tell that what is sent arrives, and
// a refusal at most.

import { connect, type TLSSocket } from 'node:tls';
import {
  type DecodedFrame,
  encodePeerFrame,
  FRAME_KIND,
  type FrameKind,
  type PeerFrame,
} from '../format/peer-frame.ts';
import { decodeHello, decodeRefusal, encodeHello } from '../format/peer-payload.ts';
import type { MemberNode } from '../meta/meta-records.ts';
import { NodeError } from '../node-error.ts';
import { FrameSocket } from './frame-socket.ts';
import type { HostFinder } from './host-finder.ts';
import { peerFingerprint } from './node-key.ts';
import { type PeerPorts, parseAddress } from './peer-ports.ts';
import { type PeerTrouble, troubleOf } from './peer-trouble.ts';
import { Silence } from './silence.ts';

const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 1_000;
/** A lost SYN is sent again after a second; what takes longer is better begun anew. */
const CONNECT_MS_MAX = 1_500;
/** Only a connection that lasted counts as a success: one that is refused at once is backed off from. */
const STEADY_MS = 2_000;

export class OutgoingLink {
  readonly nodeId: string;
  readonly #ports: PeerPorts;
  readonly #onChange: (isUp: boolean) => void;
  readonly #hosts: HostFinder;
  #socket: TLSSocket | undefined;
  #frames: FrameSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #trouble: PeerTrouble | undefined;
  /** What goes wrong with the connection that there is. */
  #goingWrong: PeerTrouble | undefined;
  #securedMs = 0;
  #sent = false;
  readonly #silence = new Silence();
  #stopped = false;

  constructor(
    nodeId: string,
    ports: PeerPorts,
    onChange: (isUp: boolean) => void,
    hosts: HostFinder,
  ) {
    this.nodeId = nodeId;
    this.#ports = ports;
    this.#onChange = onChange;
    this.#hosts = hosts;
  }

  get up(): boolean {
    return this.#frames !== undefined;
  }

  /** Of the last connection, until one carries something. */
  get trouble(): PeerTrouble | undefined {
    return this.#trouble;
  }

  /** Dials unless a connection exists or is being made. */
  dial(): void {
    if (this.#stopped || this.#socket !== undefined) return;
    clearTimeout(this.#timer);
    const member = this.#ports.member(this.nodeId);
    const address = member && this.#ports.addressOf(member);
    const target = address === undefined ? undefined : parseAddress(address);
    if (member === undefined || target === undefined) {
      this.#trouble = 'noAddress';
      this.#retry();
      return;
    }
    const socket = connect({
      ...target,
      lookup: this.#hosts.lookup,
      key: this.#ports.key.key,
      cert: this.#ports.key.certificate,
      minVersion: 'TLSv1.3',
      // Certificates are self-signed: the fingerprint below decides.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    this.#socket = socket;
    this.#goingWrong = undefined;
    socket.once('error', (error) => {
      this.#goingWrong ??= troubleOf(error);
    });
    socket.setTimeout(CONNECT_MS_MAX, () => this.#giveUp('silent'));
    const frames = new FrameSocket(
      socket,
      (decoded) => this.#answered(decoded),
      () => this.#closed(),
    );
    socket.once('secureConnect', () => this.#secured(socket, frames, member));
  }

  /** Frames of the peer came on a new connection: no need to wait. */
  dialNow(): void {
    this.#failures = 0;
    this.dial();
  }

  send(kind: FrameKind, payload: Uint8Array): boolean {
    if (this.#frames === undefined) return false;
    this.#sent = true;
    return this.#frames.send(this.#frame(kind, payload));
  }

  /** Says hello if nothing else was said since the last call; gives up a connection that answers none. */
  keepAlive(): void {
    if (this.#frames === undefined) return;
    if (this.#silence.isOver()) {
      const node = this.#ports.member(this.nodeId)?.name;
      this.#ports.logger.info({ node }, 'a connection to a peer carries nothing: dialling anew');
      this.#giveUp('silent');
      return;
    }
    if (!this.#sent) this.#hello();
    this.#sent = false;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #secured(socket: TLSSocket, frames: FrameSocket, member: MemberNode): void {
    if (peerFingerprint(socket) !== member.fingerprint) {
      this.#ports.logger.warn(
        { code: 'PEER_UNKNOWN_KEY', node: member.name, address: member.peerAddress },
        'the node at this address holds another key than the membership lists',
      );
      this.#giveUp('otherKey');
      return;
    }
    socket.setTimeout(0);
    this.#securedMs = performance.now();
    this.#frames = frames;
    this.#silence.broken();
    this.#hello();
    this.#onChange(true);
  }

  #answered(decoded: DecodedFrame): void {
    if (decoded.ok && isHello(decoded.frame)) {
      this.#silence.broken();
      this.#trouble = undefined;
      return;
    }
    const isRefusal = decoded.ok && decoded.frame.kind === FRAME_KIND.refusal;
    const code = isRefusal ? decodeRefusal(decoded.frame.payload) : undefined;
    const isSecured = this.#frames !== undefined;
    this.#giveUp(code ?? 'cut');
    if (code === undefined || !isSecured) return;
    const node = this.#ports.member(this.nodeId)?.name;
    this.#ports.logger.error({ code, node }, 'a peer refuses this node');
    if (code === 'PEER_INCARNATION' || code === 'MEMBER_HAS_LEFT') {
      this.#ports.onRefused(new NodeError(code, `Refused by node ${node}.`));
    }
  }

  #giveUp(trouble: PeerTrouble): void {
    this.#goingWrong = trouble;
    this.#socket?.destroy();
  }

  #closed(): void {
    const wasUp = this.#frames !== undefined;
    this.#trouble = this.#goingWrong ?? 'cut';
    this.#socket = undefined;
    this.#frames = undefined;
    if (wasUp && performance.now() - this.#securedMs >= STEADY_MS) this.#failures = 0;
    this.#retry();
    if (wasUp) this.#onChange(false);
  }

  #retry(): void {
    if (this.#stopped) return;
    this.#failures += 1;
    const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(this.#failures, 10));
    const delayMs = ceiling * (0.5 + Math.random() / 2);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.dial(), delayMs);
  }

  #hello(): void {
    this.send(FRAME_KIND.hello, encodeHello(this.#ports.hello));
  }

  #frame(kind: FrameKind, payload: Uint8Array): Uint8Array {
    return encodePeerFrame({ ...this.#ports.header(this.nodeId), kind, payload });
  }
}

function isHello({ kind, payload }: PeerFrame): boolean {
  return kind === FRAME_KIND.hello && decodeHello(payload) !== undefined;
}
