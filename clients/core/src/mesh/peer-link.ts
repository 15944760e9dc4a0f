// One connection to one device of one pool, from the first description to the end. It counts as
// connected only once the other side's hello has signed both descriptions over the open channel.

import {
  type Binding,
  type Bytes,
  bindingSignInput,
  CHANNEL_VERSION,
  type ChannelFrame,
  decodeChannelFrame,
  encodeCbor,
  equalBytes,
  type Head,
  type PeerSignal,
  toHex,
} from '@rockpool/protocol';
import type { PathMeasurement } from '../doctor/measurement.ts';
import {
  CONNECT_TIMEOUT_MS,
  CONTROL_MAX_BYTES,
  DISCONNECTED_GRACE_MS,
  FAILED_GRACE_MS,
  PEER_PING_MS,
} from '../limits.ts';
import { explainTrouble, type PathTrouble } from '../network/path-trouble.ts';
import { openConnection } from '../paths/hidden-address.ts';
import type {
  Channel,
  ChannelEvents,
  IcePaths,
  PeerConnection,
  PeerConnectionEvents,
  Platform,
} from '../ports.ts';
import { Negotiation } from './negotiation.ts';
import { PathProbe, PROBE_LABEL } from './path-probe.ts';
import type { Peer, PeerUse } from './peer.ts';
import { signDescription, type VerifiedDescription } from './signal-proof.ts';

export interface LinkParty {
  readonly pool: Bytes;
  readonly self: Bytes;
  readonly remote: Bytes;
  readonly remoteUser: Bytes;
  readonly remotePoint: Bytes;
  readonly connection: Bytes;
  readonly initiator: boolean;
}

export interface PeerLinkHost {
  readonly platform: Platform;
  sign(message: Bytes): Promise<Bytes>;
  poolHead(): Head;
  /** Undefined while none may be taken. */
  paths(): IcePaths | undefined;
  /** After that long an offer without an answer is given up. */
  readonly answerTimeoutMs: number;
  sendSignal(signal: PeerSignal): Promise<void>;
  /** The other side is proven; it showed which head of the pool it knows. */
  onBound(link: PeerLink, head: Head): PeerUse;
  onClosed(link: PeerLink): void;
  onPathChanged(): void;
}

const EARLY_FRAMES_MAX = 64;
const PINGS_LOST_MAX = 3;

export class PeerLink implements Peer {
  readonly party: LinkParty;
  readonly pool: string;
  readonly device: string;
  readonly user: string;
  roundTripMs: number | undefined;
  /** As last seen: while a path is lost, nobody knows. */
  relayed: boolean;
  bulkOpen = false;
  /** Why it ended before anybody was met; undefined for every other end. */
  trouble: PathTrouble | undefined;
  readonly createdMs: number;
  readonly #host: PeerLinkHost;
  readonly #relayOnly: boolean;
  readonly #connection: PeerConnection;
  readonly #negotiation: Negotiation;
  #control: Channel | undefined;
  #bulk: Channel | undefined;
  readonly #probe: PathProbe;
  #use: PeerUse | undefined;
  /** Settles once our own hello is out: nothing else may reach the other side before it. */
  #greeting: Promise<void> | undefined;
  #greeted = false;
  #early: ChannelFrame[] = [];
  #closed = false;
  #pingsLost = 0;
  readonly #timers = new Set<() => void>();
  #cancelRecovery: (() => void) | undefined;

  constructor(party: LinkParty, host: PeerLinkHost, paths: IcePaths) {
    this.party = party;
    this.#host = host;
    this.pool = toHex(party.pool);
    this.device = toHex(party.remote);
    this.user = toHex(party.remoteUser);
    this.#relayOnly = paths.relayOnly;
    this.relayed = paths.relayOnly;
    this.createdMs = host.platform.clock.nowMs();
    this.#probe = new PathProbe(host.platform.clock, () => this.#use !== undefined);
    this.#connection = openConnection(host.platform.peers, paths, {
      onNegotiationNeeded: () => this.#negotiation.needed(),
      onCandidate: (candidate, mid) => this.#negotiation.localCandidate(candidate, mid),
      onChannel: (channel, listen) => this.#adopt(channel, listen),
      onState: (state) => this.#stateChanged(state),
    });
    const polite = toHex(party.self) < this.device;
    this.#negotiation = new Negotiation(this.#connection, polite, {
      sendDescription: (role, sdp, offer) => this.#sendDescription(role, sdp, offer),
      sendCandidate: (candidate, mid) => {
        const { pool, connection } = party;
        void host.sendSignal({ type: 'candidate', pool, connection, candidate, mid });
      },
      onBroken: () => this.close(),
    });
    if (party.initiator) {
      this.#control = this.#connection.createChannel('control', this.#controlEvents());
      this.#bulk = this.#connection.createChannel('bulk', this.#bulkEvents());
      this.#probe.take(this.#connection.createChannel(PROBE_LABEL, this.#probe.events(), 'once'));
    }
    this.#after(CONNECT_TIMEOUT_MS, () => {
      if (this.#use === undefined) this.#giveUp();
    });
    if (!party.initiator || host.answerTimeoutMs >= CONNECT_TIMEOUT_MS) return;
    this.#after(host.answerTimeoutMs, () => {
      if (this.#negotiation.remoteFingerprint === undefined) this.close();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  get controlBufferedBytes(): number {
    return this.#control?.bufferedBytes ?? 0;
  }

  get bulkBufferedBytes(): number {
    return this.#bulk?.bufferedBytes ?? 0;
  }

  send(frame: ChannelFrame): boolean {
    if (this.controlBufferedBytes > CONTROL_MAX_BYTES) this.close();
    return !this.#closed && this.#control?.send(encodeCbor(frame)) === true;
  }

  sendBulk(frame: Bytes): boolean {
    return !this.#closed && this.#bulk?.send(frame) === true;
  }

  takeDescription(verified: VerifiedDescription): void {
    this.#negotiation.remoteDescription(verified);
  }

  takeCandidate(candidate: string, mid: string): void {
    this.#negotiation.remoteCandidate(candidate, mid);
  }

  /** This device may be on another network: the path is looked for anew before it is missed. */
  networkChanged(): void {
    if (!this.#closed && this.#use !== undefined) this.#connection.restartIce();
  }

  measure(): Promise<PathMeasurement> {
    return this.#connection.stats();
  }

  lostShare(): Promise<number | undefined> {
    return this.#probe.lostShare();
  }

  /** Takes a new path with new credentials before the old ones end; false where it cannot. */
  renew(): boolean {
    const paths = this.#host.paths();
    if (this.#closed || paths === undefined || !this.#connection.takePaths(paths)) return false;
    this.#connection.restartIce();
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#negotiation.close();
    for (const cancel of this.#timers) cancel();
    this.#cancelRecovery?.();
    this.#connection.close();
    this.#use?.onClosed();
    this.#host.onClosed(this);
  }

  #giveUp(): void {
    const { own, other, remoteFingerprint } = this.#negotiation;
    const answered = remoteFingerprint !== undefined;
    this.trouble = explainTrouble({ own, other, answered, relayOnly: this.#relayOnly });
    this.close();
  }

  async #sendDescription(
    role: 'offer' | 'answer',
    sdp: Bytes,
    offer: Bytes | undefined,
  ): Promise<void> {
    const { pool, self, remote, connection } = this.party;
    const unsigned = {
      type: 'description' as const,
      pool,
      from: self,
      to: remote,
      connection,
      role,
      sdp,
      time: this.#host.platform.clock.nowMs(),
      ...(offer === undefined ? {} : { offer }),
    };
    const signed = await signDescription(unsigned, (message) => this.#host.sign(message));
    await this.#host.sendSignal(signed);
  }

  /** Channels of the side that began the connection. */
  #adopt(channel: Channel, listen: (events: ChannelEvents) => void): void {
    if (channel.label === 'control' && this.#control === undefined) {
      this.#control = channel;
      listen(this.#controlEvents());
    } else if (channel.label === 'bulk' && this.#bulk === undefined) {
      this.#bulk = channel;
      listen(this.#bulkEvents());
    } else if (channel.label === PROBE_LABEL && this.#probe.take(channel)) {
      listen(this.#probe.events());
    } else {
      channel.close();
    }
  }

  #controlEvents(): ChannelEvents {
    return {
      onOpen: () => {
        this.#greeting = this.#greet();
      },
      onMessage: (frame) => this.#receive(frame),
      onClose: () => this.close(),
      onDrained: () => this.#use?.onControlDrained(),
    };
  }

  #bulkEvents(): ChannelEvents {
    return {
      onOpen: () => {
        this.bulkOpen = true;
        this.#use?.onBulkOpen();
      },
      onMessage: (frame) => this.#use?.onBulk(frame),
      onClose: () => this.close(),
      onDrained: () => this.#use?.onBulkDrained(),
    };
  }

  #binding(from: Bytes, to: Bytes, poolHead: Head): Binding | undefined {
    const { offerHash: offer, answerHash: answer } = this.#negotiation;
    if (offer === undefined || answer === undefined) return undefined;
    const { pool, connection } = this.party;
    return { pool, from, to, connection, offer, answer, poolHead };
  }

  async #greet(): Promise<void> {
    const poolHead = this.#host.poolHead();
    const binding = this.#binding(this.party.self, this.party.remote, poolHead);
    if (binding === undefined) {
      this.close();
      return;
    }
    const sig = await this.#host.sign(bindingSignInput(binding));
    const device = this.party.self;
    this.send({ type: 'hello', version: CHANNEL_VERSION, device, sig, poolHead });
  }

  #receive(bytes: Bytes): void {
    if (this.#closed) return;
    const decoded = decodeChannelFrame(bytes);
    if (!decoded.ok) {
      this.close();
      return;
    }
    const frame = decoded.value;
    if (frame.type === 'hello') {
      if (this.#greeted) {
        this.close();
        return;
      }
      this.#greeted = true;
      void this.#prove(frame);
    } else if (!this.#greeted) {
      this.close();
    } else if (this.#use === undefined) {
      if (this.#early.length >= EARLY_FRAMES_MAX) this.close();
      else this.#early.push(frame);
    } else {
      this.#dispatch(frame, this.#use);
    }
  }

  #dispatch(frame: ChannelFrame, use: PeerUse): void {
    if (frame.type === 'ping') this.send({ type: 'pong', time: frame.time });
    else if (frame.type === 'pong') {
      this.#pingsLost = 0;
      const rtt = this.#host.platform.clock.nowMs() - frame.time;
      if (this.roundTripMs === undefined && rtt >= 0) this.roundTripMs = rtt;
    } else use.onFrame(frame);
  }

  /** [CLI-2] The last layer: the device itself signs both descriptions over this channel. */
  async #prove(hello: Extract<ChannelFrame, { type: 'hello' }>): Promise<void> {
    const { remote, self, remotePoint } = this.party;
    const binding = this.#binding(remote, self, hello.poolHead);
    const isSpoken = hello.version === CHANNEL_VERSION;
    if (binding === undefined || !equalBytes(hello.device, remote) || !isSpoken) {
      this.close();
      return;
    }
    const live = this.#connection.remoteFingerprint();
    const announced = this.#negotiation.remoteFingerprint;
    if (live !== 'unavailable' && !(announced && equalBytes(live, announced))) {
      this.close();
      return;
    }
    const message = bindingSignInput(binding);
    const { crypto } = this.#host.platform;
    if (!(await crypto.verifyP256(remotePoint, message, hello.sig))) {
      this.close();
      return;
    }
    await this.#greeting;
    if (this.#closed) return;
    const use = this.#host.onBound(this, hello.poolHead);
    this.#use = use;
    for (const frame of this.#early.splice(0)) this.#dispatch(frame, use);
    if (this.bulkOpen) use.onBulkOpen();
    this.#ping();
  }

  #ping(): void {
    if (this.#closed) return;
    if (this.#pingsLost >= PINGS_LOST_MAX) {
      this.close();
      return;
    }
    this.#pingsLost++;
    this.send({ type: 'ping', time: this.#host.platform.clock.nowMs() });
    void this.#connection.stats().then(
      (stats) => {
        this.relayed = stats.relayed ?? this.relayed;
        this.roundTripMs = stats.roundTripMs ?? this.roundTripMs;
        this.#host.onPathChanged();
      },
      () => {},
    );
    this.#after(PEER_PING_MS, () => this.#ping());
  }

  #stateChanged(state: Parameters<PeerConnectionEvents['onState']>[0]): void {
    if (this.#closed) return;
    if (state === 'connected') {
      this.#cancelRecovery?.();
      this.#cancelRecovery = undefined;
    } else if (state === 'closed') {
      this.close();
    } else if (state === 'disconnected' || state === 'failed') {
      this.#recover(state);
    }
  }

  /** A broken path is tried anew over other candidates before the connection is given up. */
  #recover(state: 'disconnected' | 'failed'): void {
    if (this.#use === undefined) {
      if (state === 'failed') this.#giveUp();
      return;
    }
    this.#cancelRecovery?.();
    const { clock } = this.#host.platform;
    const restart = () => {
      if (this.party.initiator) this.#connection.restartIce();
      this.#cancelRecovery = clock.after(FAILED_GRACE_MS, () => this.close());
    };
    if (state === 'failed') restart();
    else this.#cancelRecovery = clock.after(DISCONNECTED_GRACE_MS, restart);
  }

  #after(delayMs: number, run: () => void): void {
    const cancel = this.#host.platform.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  }
}
