// Connections between simulated machines, in the place of TLS over TCP: bytes arrive whole and in order or
// the connection breaks. Frames, their checks and their refusals are the real ones.

import type { DecodedFrame, FrameKind, PeerFrame } from '../../../src/format/peer-frame.ts';
import { decodePeerFrame, encodePeerFrame, FRAME_KIND } from '../../../src/format/peer-frame.ts';
import { encodeHello } from '../../../src/format/peer-payload.ts';
import { NodeError } from '../../../src/node-error.ts';
import type { IncomingListener } from '../../../src/peer/incoming-links.ts';
import { judgeFrame } from '../../../src/peer/judge-frame.ts';
import type { PeerPorts } from '../../../src/peer/peer-ports.ts';
import type { Incoming, Outgoing } from '../../../src/peer/peer-transport.ts';
import { Silence } from '../../../src/peer/silence.ts';
import type { Connection, IncomingEnd, OutgoingEnd } from './connection.ts';
import type { ProcessLoop } from './process-loop.ts';
import type { StackNetwork } from './stack-network.ts';

const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 1_000;

export class SimOutgoing implements Outgoing, OutgoingEnd {
  readonly nodeId: string;
  readonly loop: ProcessLoop;
  /** Told to people alone, of whom there are none. */
  readonly trouble = undefined;
  readonly #ports: PeerPorts;
  readonly #network: StackNetwork;
  readonly #onChange: (isUp: boolean) => void;
  #connection: Connection | undefined;
  #isDialling = false;
  readonly #silence = new Silence();
  #failures = 0;
  #sent = false;
  #stopped = false;
  #cancelRetry: () => void = () => {};

  constructor(
    nodeId: string,
    parts: {
      readonly ports: PeerPorts;
      readonly network: StackNetwork;
      readonly loop: ProcessLoop;
    },
    onChange: (isUp: boolean) => void,
  ) {
    this.nodeId = nodeId;
    this.loop = parts.loop;
    this.#ports = parts.ports;
    this.#network = parts.network;
    this.#onChange = onChange;
  }

  get self(): string {
    return this.#ports.self.id;
  }

  get fingerprint(): string {
    return this.#ports.self.fingerprint;
  }

  get up(): boolean {
    return this.#connection !== undefined;
  }

  dial(): void {
    if (this.#stopped || this.#connection !== undefined || this.#isDialling) return;
    this.#cancelRetry();
    const member = this.#ports.member(this.nodeId);
    const address = member && this.#ports.addressOf(member);
    if (address === undefined) {
      this.#retry();
      return;
    }
    this.#isDialling = true;
    this.#network.dial(this, address);
  }

  dialNow(): void {
    this.#failures = 0;
    this.dial();
  }

  connected(connection: Connection): void {
    this.#isDialling = false;
    if (this.#stopped) {
      this.#network.close(connection);
      return;
    }
    this.#connection = connection;
    this.#silence.broken();
    this.#failures = 0;
    this.send(FRAME_KIND.hello, encodeHello(this.#ports.hello));
    this.#onChange(true);
  }

  failed(): void {
    this.#isDialling = false;
    this.#retry();
  }

  send(kind: FrameKind, payload: Uint8Array): boolean {
    const connection = this.#connection;
    if (connection === undefined || !this.loop.isAlive) return false;
    this.#sent = true;
    const header = this.#ports.header(this.nodeId);
    this.#network.watcher.sent(this.self, this.nodeId, kind, payload);
    return this.#network.transmit(connection, encodePeerFrame({ ...header, kind, payload }));
  }

  keepAlive(): void {
    if (this.#connection === undefined) return;
    if (this.#silence.isOver()) {
      this.#network.close(this.#connection);
      return;
    }
    if (!this.#sent) this.send(FRAME_KIND.hello, encodeHello(this.#ports.hello));
    this.#sent = false;
  }

  /** What was sent arrives. */
  answered(connection: Connection): void {
    if (this.#connection === connection) this.#silence.broken();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry();
    if (this.#connection !== undefined) this.#network.close(this.#connection);
  }

  closed(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#retry();
    this.#onChange(false);
  }

  refused(code: string): void {
    if (code === 'PEER_INCARNATION' || code === 'MEMBER_HAS_LEFT') {
      this.#ports.onRefused(new NodeError(code, `Refused by node ${this.nodeId}.`));
    }
  }

  #retry(): void {
    if (this.#stopped) return;
    this.#failures += 1;
    const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(this.#failures, 10));
    this.#cancelRetry();
    this.#cancelRetry = this.loop.after(this.#network.backoffMs(ceiling), () => this.dial());
  }
}

export class SimIncoming implements Incoming, IncomingEnd {
  readonly loop: ProcessLoop;
  readonly #ports: PeerPorts;
  readonly #listener: IncomingListener;
  readonly #network: StackNetwork;
  readonly #open = new Set<Connection>();
  /** The newest connection of each member with a good frame. */
  readonly #links = new Map<string, Connection>();
  #address: string | undefined;

  constructor(
    parts: {
      readonly ports: PeerPorts;
      readonly network: StackNetwork;
      readonly loop: ProcessLoop;
    },
    listener: IncomingListener,
  ) {
    this.loop = parts.loop;
    this.#ports = parts.ports;
    this.#network = parts.network;
    this.#listener = listener;
  }

  get self(): string {
    return this.#ports.self.id;
  }

  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
    this.#address = `${host}:${port}`;
    this.#network.listen(this.#address, this);
    return port;
  }

  get refusals(): Readonly<Record<string, number>> {
    return {};
  }

  isUp(nodeId: string): boolean {
    return this.#links.has(nodeId);
  }

  keepAlive(): void {
    for (const connection of this.#open) {
      const isProven = this.#links.get(connection.from) === connection;
      if (isProven && connection.silence.isBroken) this.#network.answer(connection);
      if (connection.silence.isOver()) this.#network.close(connection);
    }
  }

  drop(nodeId: string): void {
    for (const connection of this.#open) {
      if (connection.from === nodeId) this.#network.close(connection);
    }
  }

  async stop(): Promise<void> {
    if (this.#address !== undefined) this.#network.unlisten(this.#address, this);
    for (const connection of this.#open) this.#network.close(connection);
  }

  accept(connection: Connection): void {
    this.#open.add(connection);
  }

  /** The code with which a frame among these bytes was refused. */
  data(connection: Connection, chunk: Uint8Array): string | undefined {
    const bodies = connection.splitter.push(chunk);
    if (bodies === undefined) return this.#refuse(connection, 'PEER_FRAME_REFUSED');
    for (const body of bodies) {
      const refused = connection.isOpen && this.#decoded(decodePeerFrame(body), connection);
      if (typeof refused === 'string') return refused;
    }
    return undefined;
  }

  closed(connection: Connection): void {
    this.#open.delete(connection);
    if (this.#links.get(connection.from) !== connection) return;
    this.#links.delete(connection.from);
    this.#listener.onDown(connection.from);
  }

  #decoded(decoded: DecodedFrame, connection: Connection): string | undefined {
    if (!decoded.ok) return this.#refuse(connection, 'PEER_FRAME_REFUSED');
    const { frame } = decoded;
    const member = this.#ports.member(connection.from);
    if (member === undefined) {
      const key = connection.outgoing?.fingerprint;
      const hasLeft = key !== undefined && this.#ports.formerMember(key) !== undefined;
      return this.#refuse(connection, hasLeft ? 'MEMBER_HAS_LEFT' : 'PEER_UNKNOWN_KEY');
    }
    const refusal = judgeFrame(frame, member, this.#ports);
    if (refusal !== undefined) return this.#refuse(connection, refusal.code);
    this.#heard(connection, frame);
    return undefined;
  }

  #heard(connection: Connection, frame: PeerFrame): void {
    connection.silence.broken();
    const { from } = connection;
    const former = this.#links.get(from);
    if (former !== connection) {
      this.#links.set(from, connection);
      if (former !== undefined) {
        this.#network.close(former);
        this.#listener.onDown(from);
      }
      this.#listener.onUp(from);
    }
    this.#network.heard(this.self, frame);
    this.#listener.onFrame(frame);
  }

  #refuse(connection: Connection, code: string): string {
    this.#network.refuse(connection, code);
    return code;
  }
}
