// A network of peer connections in one process. Descriptions carry a made-up certificate, and a
// connection only comes about between the two whose certificates the descriptions announce.

import { randomBytes } from 'node:crypto';
import type { PathMeasurement } from '../src/doctor/measurement.ts';
import type {
  Channel,
  ChannelEvents,
  IcePaths,
  PeerConnection,
  PeerConnectionEvents,
  PeerConnectionPort,
} from '../src/ports.ts';
import type { VirtualTime } from './virtual-time.ts';

const LOW_MARK_BYTES = 256 * 1024;
/** Bytes that one turn of the event loop carries on a channel. */
const BYTES_PER_TURN = 256 * 1024;

export class FakePeerNetwork {
  readonly time: VirtualTime;
  readonly connections = new Map<string, FakeConnection>();
  /** Frames on their way may be changed or dropped (undefined) by a test. */
  tamper: (label: string, frame: Uint8Array) => Uint8Array | undefined = (_, frame) => frame;
  /** The certificate that a device really sees: another one where somebody sits in between. */
  liveFingerprint: (fingerprint: Uint8Array) => Uint8Array = (fingerprint) => fingerprint;
  bytesCarried = 0;
  /** No two networks have a way to each other. */
  isBlocked = false;
  /** Whether connections can take other servers and another path. */
  restartsIce = true;

  constructor(time: VirtualTime) {
    this.time = time;
  }

  /** Connections made through it belong to `owner`. */
  port(owner: object = {}): PeerConnectionPort {
    return {
      canRelay: (url) => url.startsWith('turn:'),
      create: (paths, events) => {
        const connection = new FakeConnection(this, events, owner, paths);
        this.connections.set(connection.id, connection);
        return connection;
      },
    };
  }

  get open(): number {
    return [...this.connections.values()].filter((each) => each.state === 'connected').length;
  }

  /** Every open connection loses its path; candidates found anew bring it back. */
  cutAll(): void {
    for (const connection of this.connections.values()) connection.cut();
  }

  /** The owner's machine lost power: nothing more comes or goes, and nobody is told. */
  vanish(owner: object): void {
    for (const connection of [...this.connections.values()]) {
      if (connection.owner === owner) connection.vanish();
    }
  }

  /** Every open connection ends for good. */
  closeAll(): void {
    for (const connection of [...this.connections.values()]) connection.fail();
  }
}

interface Description {
  readonly type: 'offer' | 'answer';
  readonly sdp: string;
}

export class FakeConnection implements PeerConnection {
  readonly id = randomBytes(8).toString('hex');
  readonly fingerprint = new Uint8Array(randomBytes(32));
  readonly owner: object;
  paths: IcePaths;
  readonly #network: FakePeerNetwork;
  readonly #events: PeerConnectionEvents;
  readonly #channels: FakeChannel[] = [];
  state: 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed' = 'new';
  signalingState: PeerConnection['signalingState'] = 'stable';
  #local: Description | undefined;
  #remote: Description | undefined;
  #generation = 0;
  #candidates = 0;
  #peer: FakeConnection | undefined;

  constructor(
    network: FakePeerNetwork,
    events: PeerConnectionEvents,
    owner: object,
    paths: IcePaths,
  ) {
    this.owner = owner;
    this.paths = paths;
    this.#network = network;
    this.#events = events;
  }

  async setLocalDescription(): Promise<Description> {
    if (this.state === 'closed') throw new Error('closed');
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    const pairs = [...this.fingerprint].map((byte) => byte.toString(16).padStart(2, '0'));
    const sdp = [
      'v=0',
      `o=- ${this.id} ${this.#generation} IN IP4 0.0.0.0`,
      `a=fingerprint:sha-256 ${pairs.join(':').toUpperCase()}`,
      '',
    ].join('\r\n');
    this.#local = { type, sdp };
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
    this.#network.time.defer(() => {
      if (this.state === 'closed') return;
      const kind = this.paths.relayOnly ? 'relay raddr 0.0.0.0 rport 0' : 'host';
      const where = `192.0.2.1 ${9 + this.#generation}`;
      this.#events.onCandidate(`candidate:${this.id} 1 udp 1 ${where} typ ${kind}`, '0');
      this.#events.onCandidate('', '0');
    });
    this.#meet();
    return this.#local;
  }

  async setRemoteDescription(type: 'offer' | 'answer', sdp: string): Promise<void> {
    if (this.state === 'closed') throw new Error('closed');
    const isOpenOffer = this.signalingState === 'have-local-offer';
    const fits = isOpenOffer || (type === 'offer' && this.signalingState === 'stable');
    if (!fits) throw new Error(`${type} in ${this.signalingState}`);
    if (!/^o=- [0-9a-f]{16} /m.test(sdp)) throw new Error('no description of a fake');
    this.#remote = { type, sdp };
    this.signalingState = type === 'offer' ? 'have-remote-offer' : 'stable';
    this.#meet();
  }

  async addCandidate(): Promise<void> {
    if (this.#remote === undefined) throw new Error('no remote description');
    this.#candidates++;
    this.#meet();
  }

  createChannel(label: string, events: ChannelEvents): Channel {
    const channel = new FakeChannel(this.#network, label, events);
    this.#channels.push(channel);
    if (this.#channels.length === 1) {
      this.#network.time.defer(() => {
        if (this.state !== 'closed') this.#events.onNegotiationNeeded();
      });
    }
    return channel;
  }

  takePaths(paths: IcePaths): boolean {
    if (!this.#network.restartsIce) return false;
    this.paths = paths;
    return true;
  }

  restartIce(): void {
    if (this.state === 'closed') return;
    this.#generation++;
    this.#candidates = 0;
    this.#network.time.defer(() => {
      if (this.state !== 'closed') this.#events.onNegotiationNeeded();
    });
  }

  remoteFingerprint(): Uint8Array {
    return this.#network.liveFingerprint(this.#peer?.fingerprint ?? new Uint8Array(0));
  }

  async stats(): Promise<PathMeasurement> {
    if (this.state !== 'connected') return {};
    return {
      roundTripMs: 1,
      relayed: this.paths.relayOnly || this.#peer?.paths.relayOnly === true,
    };
  }

  close(): void {
    const peer = this.#peer;
    this.#end('closed');
    peer?.lost();
  }

  /** The path is gone; both sides notice. */
  cut(): void {
    if (this.state !== 'connected') return;
    for (const side of [this, this.#peer]) side?.enter('disconnected');
  }

  fail(): void {
    if (this.state === 'closed') return;
    this.enter('failed');
    this.close();
    this.#events.onState('closed');
  }

  vanish(): void {
    this.#peer = undefined;
    for (const channel of this.#channels) channel.vanish();
    this.#end('closed');
  }

  /** The other side closed: its end of the channels tells. */
  lost(): void {
    if (this.state === 'closed') return;
    for (const channel of this.#channels) channel.shut();
  }

  enter(state: FakeConnection['state']): void {
    if (this.state === 'closed' || this.state === state) return;
    this.state = state;
    const reachable = state === 'connected';
    for (const channel of this.#channels) channel.flowing = reachable;
    this.#network.time.defer(() => this.#events.onState(state));
  }

  #end(state: 'closed'): void {
    this.state = state;
    this.signalingState = 'closed';
    this.#network.connections.delete(this.id);
    for (const channel of this.#channels) channel.shut();
  }

  #meet(): void {
    const peerId = this.#remote?.sdp.match(/^o=- (\S+)/m)?.[1];
    const peer = peerId === undefined ? undefined : this.#network.connections.get(peerId);
    if (peer === undefined || this.signalingState !== 'stable') return;
    if (peer.signalingState !== 'stable' || peer.#remote === undefined) return;
    const agreed = peer.#remote.sdp === this.#local?.sdp && this.#remote?.sdp === peer.#local?.sdp;
    // DTLS: each shows its certificate, and the other compares it with the description.
    if (!agreed || this.#network.isBlocked) return;
    if (this.#candidates + peer.#candidates === 0) return;
    if (this.state === 'connected') return;
    const first = this.#peer === undefined;
    this.#peer = peer;
    peer.#peer = this;
    if (first) this.#join(peer);
    this.enter('connected');
    peer.enter('connected');
    for (const channel of [...this.#channels, ...peer.#channels]) channel.pump();
  }

  #join(peer: FakeConnection): void {
    const [mine, theirs] = [[...this.#channels], [...peer.#channels]];
    this.#hand(mine, peer);
    peer.#hand(theirs, this);
  }

  #hand(channels: readonly FakeChannel[], to: FakeConnection): void {
    for (const channel of channels) {
      const twin = new FakeChannel(this.#network, channel.label, undefined);
      to.#channels.push(twin);
      channel.twin = twin;
      twin.twin = channel;
      this.#network.time.defer(() => {
        to.#events.onChannel(twin, (events) => {
          twin.events = events;
          this.#network.time.defer(() => twin.events?.onOpen());
        });
        channel.open = true;
        twin.open = true;
        channel.events?.onOpen();
      });
    }
  }
}

class FakeChannel implements Channel {
  readonly label: string;
  readonly #network: FakePeerNetwork;
  events: ChannelEvents | undefined;
  twin: FakeChannel | undefined;
  open = false;
  flowing = true;
  bufferedBytes = 0;
  #queue: Uint8Array[] = [];
  #moving = false;

  constructor(network: FakePeerNetwork, label: string, events: ChannelEvents | undefined) {
    this.#network = network;
    this.label = label;
    this.events = events;
  }

  send(frame: Uint8Array): boolean {
    if (!this.open) return false;
    this.#queue.push(frame.slice());
    this.bufferedBytes += frame.length;
    this.pump();
    return true;
  }

  close(): void {
    this.twin?.shut();
    this.shut();
  }

  shut(): void {
    if (!this.open && this.events === undefined) return;
    this.open = false;
    const { events } = this;
    this.events = undefined;
    this.#queue = [];
    if (events !== undefined) this.#network.time.defer(() => events.onClose());
  }

  vanish(): void {
    if (this.twin !== undefined) this.twin.twin = undefined;
    this.twin = undefined;
    this.events = undefined;
  }

  pump(): void {
    if (this.#moving || this.#queue.length === 0 || !this.flowing) return;
    this.#moving = true;
    this.#network.time.defer(() => {
      this.#moving = false;
      this.#move();
      this.pump();
    });
  }

  #move(): void {
    let budget = BYTES_PER_TURN;
    while (budget > 0 && this.open && this.flowing && this.twin?.events !== undefined) {
      const frame = this.#queue.shift();
      if (frame === undefined) break;
      budget -= frame.length;
      this.#network.bytesCarried += frame.length;
      const before = this.bufferedBytes;
      this.bufferedBytes -= frame.length;
      const carried = this.#network.tamper(this.label, frame);
      if (carried !== undefined) this.twin.events.onMessage(carried.slice());
      if (before > LOW_MARK_BYTES && this.bufferedBytes <= LOW_MARK_BYTES) this.events?.onDrained();
    }
  }
}
