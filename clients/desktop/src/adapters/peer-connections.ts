// WebRTC without a browser: libdatachannel's native interface as the engine's port. (Its imitation of
// RTCPeerConnection shows no live fingerprint, which the engine's proof needs.) Every
// decision is the engine's; this file translates, and keeps from the library what would end the process.

import type {
  Channel,
  ChannelEvents,
  IcePaths,
  PathMeasurement,
  PeerConnection,
  PeerConnectionEvents,
  PeerConnectionPort,
} from '@rockpool/client-core';
import { type IceServer, PeerConnection as Native, type RtcConfig } from 'node-datachannel';
import { NativeChannel } from './data-channel.ts';
import { LOOPBACK, RelayGate } from './relay-gate.ts';
import { type CheckedDescription, checkDescription, isCandidate } from './session-description.ts';
import { StunChoice } from './stun-choice.ts';
import { parseStunUrl } from './stun-url.ts';
import { parseTurnUrl, type TurnHost } from './turn-url.ts';

/** Candidates that one connection takes; a browser has fewer than ten. */
const CANDIDATES_MAX = 128;
const FINGERPRINT_BYTES = 32;

type State = Parameters<PeerConnectionEvents['onState']>[0];

export interface NativePeers extends PeerConnectionPort {
  /** Closes every connection that is still open. */
  close(): void;
}

export function nativePeers(): NativePeers {
  const open = new Set<NativeConnection>();
  const choice = new StunChoice();
  return {
    prepare: (stun) => choice.look(stun),
    canRelay: (url) => parseTurnUrl(url) !== undefined,
    create(paths, events) {
      const chosen = { ...paths, stun: choice.pick(paths.stun) };
      const connection = new NativeConnection(chosen, events, () => open.delete(connection));
      open.add(connection);
      return connection;
    },
    close() {
      for (const connection of [...open]) connection.close();
    },
  };
}

class NativeConnection implements PeerConnection {
  readonly #native: Native;
  readonly #events: PeerConnectionEvents;
  readonly #onClosed: () => void;
  /** The ways out where the address is hidden. */
  readonly #gates: readonly RelayGate[];
  /** Held, since the library closes a channel whose handle is collected. */
  readonly #channels: NativeChannel[] = [];
  #closed = false;
  /** Both sides have described their transport: more channels need no new negotiation. */
  #negotiated = false;
  #remote: CheckedDescription | undefined;
  #candidates = 0;
  /** Own candidates that the other side may not have yet; undefined once it may. */
  #held: (readonly [candidate: string, mid: string])[] | undefined = [];

  constructor(paths: IcePaths, events: PeerConnectionEvents, onClosed: () => void) {
    this.#events = events;
    this.#onClosed = onClosed;
    this.#gates = paths.relayOnly ? turnHosts(paths).map(gateTo) : [];
    this.#native = new Native('', {
      ...iceConfig(paths, this.#gates),
      disableAutoNegotiation: true,
    });
    this.#native.onLocalCandidate((candidate, mid) => {
      this.#announce(candidate.replace(/^a=/, ''), mid);
    });
    this.#native.onGatheringStateChange((state) => {
      if (state === 'complete') this.#announce('', '');
    });
    this.#native.onStateChange((state) => {
      if (!this.#closed) events.onState(state as State);
    });
    this.#native.onDataChannel((channel) => {
      if (this.#closed) return;
      const adopted = new NativeChannel(channel);
      this.#channels.push(adopted);
      events.onChannel(adopted, (channelEvents) => adopted.listen(channelEvents));
    });
  }

  get signalingState(): PeerConnection['signalingState'] {
    if (this.#closed) return 'closed';
    const state = this.#native.signalingState();
    // Provisional answers are never used, so the two pranswer states cannot occur.
    return state === 'have-local-pranswer' || state === 'have-remote-pranswer' ? 'stable' : state;
  }

  async setLocalDescription(): Promise<{ type: 'offer' | 'answer'; sdp: string }> {
    const { signalingState } = this;
    // In any other state the library ends the process.
    if (signalingState !== 'stable' && signalingState !== 'have-remote-offer') {
      throw new Error(`no description in state ${signalingState}`);
    }
    const type = signalingState === 'stable' ? 'offer' : 'answer';
    this.#native.setLocalDescription(type);
    const description = this.#native.localDescription();
    if (description?.type !== type) throw new Error('the library made no description');
    if (type === 'answer') this.#negotiated = true;
    const sdp = type === 'offer' ? withoutCandidates(description.sdp) : description.sdp;
    return { type, sdp };
  }

  async setRemoteDescription(type: 'offer' | 'answer', sdp: string): Promise<void> {
    const hasOpenOffer = this.signalingState === 'have-local-offer';
    const fits = hasOpenOffer || (type === 'offer' && this.signalingState === 'stable');
    if (!fits) throw new Error(`${type} in state ${this.signalingState}`);
    const checked = checkDescription(type, sdp);
    if (checked === undefined) throw new Error('no description of a data channel');
    // The library would go on with the old path's credentials and find nobody there.
    if (this.#negotiated && this.#remote !== undefined && !isSamePath(checked, this.#remote)) {
      throw new Error('the other side restarts ICE, which this library cannot');
    }
    if (type === 'offer' && hasOpenOffer) this.#native.setLocalDescription('rollback');
    this.#native.setRemoteDescription(sdp, type);
    this.#remote = checked;
    if (type === 'answer') this.#negotiated = true;
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [candidate, mid] of held) this.#announce(candidate, mid);
  }

  async addCandidate(candidate: string, mid: string): Promise<void> {
    if (this.#closed || candidate === '') return;
    if (!isCandidate(candidate)) throw new Error('no candidate');
    if (this.#remote === undefined) throw new Error('a candidate of no description');
    this.#candidates += 1;
    if (this.#candidates > CANDIDATES_MAX) throw new Error('too many candidates');
    this.#native.addRemoteCandidate(candidate, mid);
  }

  createChannel(label: string, events: ChannelEvents, sent?: 'once'): Channel {
    if (this.#closed) throw new Error('the connection is closed');
    const delivery = sent === 'once' ? { unordered: true, maxRetransmits: 0 } : {};
    const channel = new NativeChannel(this.#native.createDataChannel(label, delivery));
    this.#channels.push(channel);
    channel.listen(events);
    this.#askForNegotiation();
    return channel;
  }

  takePaths(): boolean {
    return false;
  }

  /** libdatachannel cannot: the engine, told that this connection is over, makes a new one. */
  restartIce(): void {
    setImmediate(() => {
      if (this.#closed) return;
      this.close();
      this.#events.onState('closed');
    });
  }

  remoteFingerprint(): Uint8Array {
    // Asked too early, the library has no answer, and no channel of the connection ever opens.
    if (this.#closed || this.#native.state() !== 'connected') return new Uint8Array(0);
    const { algorithm, value } = this.#native.remoteFingerprint();
    const bytes = new Uint8Array(Buffer.from(value.replaceAll(':', ''), 'hex'));
    const isKnown = algorithm === 'sha-256' && bytes.length === FINGERPRINT_BYTES;
    return isKnown ? bytes : new Uint8Array(0);
  }

  async stats(): Promise<PathMeasurement> {
    if (this.#closed) return {};
    const pair = this.#native.getSelectedCandidatePair();
    const roundTripMs = this.#native.rtt();
    const measured = {
      bytesSent: this.#native.bytesSent(),
      bytesReceived: this.#native.bytesReceived(),
      ...(roundTripMs < 0 ? {} : { roundTripMs }),
    };
    if (pair === null) return measured;
    const [own, other] = [kindOf(pair.local.type), kindOf(pair.remote.type)];
    const relayed = own === 'relay' || other === 'relay';
    return { ...measured, relayed, own, other, ipv6: pair.local.address.includes(':') };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const channel of this.#channels.splice(0)) channel.end();
    this.#native.close();
    for (const gate of this.#gates) gate.close();
    this.#onClosed();
  }

  /**
   * While it takes an answer, the library knows the way to the other side for a moment before it knows the
   * other side's fingerprint. Whoever answers at once would be refused then, so nobody learns how to
   * reach this side before the answer is taken.
   */
  #announce(candidate: string, mid: string): void {
    if (this.#closed) return;
    if (this.#held === undefined) this.#events.onCandidate(candidate, mid);
    else this.#held.push([candidate, mid]);
  }

  /** As browsers do: in a later turn, and only if it is still needed by then. */
  #askForNegotiation(): void {
    setImmediate(() => {
      if (this.#negotiated || this.signalingState !== 'stable') return;
      this.#events.onNegotiationNeeded();
    });
  }
}

/** The library does not read an address of IPv6 in a URL, and throws at what it does not read. */
function stunServer(url: string): IceServer[] {
  const server = parseStunUrl(url);
  return server === undefined ? [] : [{ hostname: server.host, port: server.port }];
}

function turnHosts({ turn }: IcePaths): readonly TurnHost[] {
  return (turn?.urls ?? []).flatMap((url) => parseTurnUrl(url) ?? []);
}

function gateTo({ hostname, port }: TurnHost): RelayGate {
  return new RelayGate(hostname, port);
}

function iceConfig(paths: IcePaths, gates: readonly RelayGate[]): RtcConfig {
  const { username = '', credential: password = '' } = paths.turn ?? {};
  const relay = (host: TurnHost): IceServer => {
    return { ...host, username, password, relayType: 'TurnUdp' };
  };
  if (paths.relayOnly) {
    const iceServers = gates.map(({ port }) => relay({ hostname: LOOPBACK, port }));
    return { iceServers, bindAddress: LOOPBACK, iceTransportPolicy: 'relay' };
  }
  const stun = paths.stun.flatMap((url) => stunServer(url));
  return { iceServers: [...stun, ...turnHosts(paths).map(relay)] };
}

function kindOf(type: string): 'host' | 'srflx' | 'prflx' | 'relay' {
  return type === 'host' || type === 'srflx' || type === 'prflx' ? type : 'relay';
}

function withoutCandidates(sdp: string): string {
  return sdp.replaceAll(/^a=(candidate:.*|end-of-candidates)\r\n/gm, '');
}

function isSamePath(a: CheckedDescription, b: CheckedDescription): boolean {
  return a.ufrag === b.ufrag && a.pwd === b.pwd;
}
