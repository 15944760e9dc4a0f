// What the engine needs from the platform it runs on. The browser and the desktop agent implement
// these; tests use the fakes in ../testing. No DOM and no Node types appear here.

import type { Bytes } from '@rockpool/protocol';
import type { NetworkMeasurement, PathMeasurement } from './doctor/measurement.ts';
import type { Capabilities } from './view.ts';

export interface Clock {
  nowMs(): number;
  /** Runs once after `delayMs`; the returned function cancels. */
  after(delayMs: number, run: () => void): () => void;
}

export interface Random {
  bytes(length: number): Bytes;
}

/** A WebSocket to one node. Binary frames only. */
export interface Socket {
  send(frame: Bytes): void;
  /** Bytes accepted but not yet on the wire. */
  readonly bufferedBytes: number;
  close(code?: number): void;
}

export interface SocketEvents {
  onOpen(): void;
  onFrame(frame: Bytes): void;
  onClose(code: number): void;
}

export interface SocketPort {
  /** Path below the public origin: `/ws` for any ready node, `/n/2/ws` for node 2. */
  open(path: string, events: SocketEvents): Socket;
  /** The page's origin, as a signature over the socket names it. */
  readonly origin: string;
}

export interface ChannelEvents {
  onOpen(): void;
  onMessage(frame: Bytes): void;
  onClose(): void;
  /** bufferedAmount fell to the low mark. */
  onDrained(): void;
}

export interface Channel {
  readonly label: string;
  readonly bufferedBytes: number;
  /** False when the channel is not open; the frame is dropped. It may be changed as soon as this answers. */
  send(frame: Bytes): boolean;
  close(): void;
}

export interface PeerConnectionEvents {
  onNegotiationNeeded(): void;
  onCandidate(candidate: string, mid: string): void;
  /** `listen` is called before this returns, or messages are lost. */
  onChannel(channel: Channel, listen: (events: ChannelEvents) => void): void;
  onState(state: 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'): void;
}

/** One RTCPeerConnection, reduced to what perfect negotiation needs. */
export interface PeerConnection {
  /** setLocalDescription() without arguments, then its type and exact SDP. */
  setLocalDescription(): Promise<{
    readonly type: 'offer' | 'answer';
    readonly sdp: string;
  }>;
  /** An offer takes back an own offer that is still open, in the same step (JSEP, RFC 9429 section 4.1.10.2). */
  setRemoteDescription(type: 'offer' | 'answer', sdp: string): Promise<void>;
  /** Rejects for what is no candidate, or comes before a remote description; neither does harm. */
  addCandidate(candidate: string, mid: string): Promise<void>;
  readonly signalingState: 'stable' | 'have-local-offer' | 'have-remote-offer' | 'closed';
  /** What is sent once, instead of until it arrives, may be lost or overtaken. */
  createChannel(label: string, events: ChannelEvents, sent?: 'once'): Channel;
  /** What the next new path may use; false where this connection can take no other servers. */
  takePaths(paths: IcePaths): boolean;
  /** Looks for a new path; a platform that cannot ends the connection, and tells so by its state. */
  restartIce(): void;
  /**
   * SHA-256 of the live DTLS peer's certificate, where the platform shows it. 'unavailable' only
   * where the platform has no such API; an empty answer of one that has it is a mismatch.
   */
  remoteFingerprint(): Bytes | 'unavailable';
  /** Of the selected candidate pair. */
  stats(): Promise<PathMeasurement>;
  close(): void;
}

/** A TURN server under all its URLs. */
export interface TurnServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

/** Where a connection may look for paths. */
export interface IcePaths {
  readonly stun: readonly string[];
  readonly turn: TurnServer | undefined;
  /** Nothing but paths over a relay, so that the other side learns no address of this device. */
  readonly relayOnly: boolean;
}

export interface PeerConnectionPort {
  /** The STUN servers that connections will be given: a platform that cannot ask all of them finds out which answer. */
  prepare?(stun: readonly string[]): Promise<void>;
  create(paths: IcePaths, events: PeerConnectionEvents): PeerConnection;
  /** Whether this platform can use the TURN server of this URL. */
  canRelay(url: string): boolean;
}

/** The network that this device is on. */
export interface NetworkPort {
  /** Tells that it may be another one now. The returned function ends that. */
  watch(changed: () => void): () => void;
  /** Asks these STUN servers, for some seconds at most. Never rejects. */
  measure(stunUrls: readonly string[]): Promise<NetworkMeasurement>;
}

/** Named byte rows; a key space of this device. Keys are ASCII and sort bytewise. */
export interface StorePort {
  get(key: string): Promise<Bytes | undefined>;
  /** One atomic batch; undefined deletes. Resolves once durable. */
  write(rows: readonly (readonly [key: string, value: Bytes | undefined])[]): Promise<void>;
  /** Rows whose key starts with `prefix`, ascending. */
  list(prefix: string): Promise<readonly (readonly [key: string, value: Bytes])[]>;
}

/** Random-access content, one per file root; names are 1 to 64 hex digits. Survives a closed tab. */
export interface BlobPort {
  /** Once it resolves, the data may be changed. */
  write(name: string, offset: number, data: Bytes): Promise<void>;
  read(name: string, offset: number, length: number): Promise<Bytes>;
  /** Resolves once everything written so far survives a loss of power. */
  flush(name: string): Promise<void>;
  /** Bytes that may still be written by this app; undefined where the platform does not say. */
  room(): Promise<number | undefined>;
  /** Bytes used, or undefined where it does not exist. */
  size(name: string): Promise<number | undefined>;
  remove(name: string): Promise<void>;
}

/** This device's two key pairs. The private halves never leave the platform's key store in the clear. */
export interface DeviceKeyPort {
  /** Makes and keeps new keys under this name; resolves with the public points (65 bytes each). */
  create(name: string): Promise<{ readonly sign: Bytes; readonly ecdh: Bytes }>;
  load(name: string): Promise<{ readonly sign: Bytes; readonly ecdh: Bytes } | undefined>;
  remove(name: string): Promise<void>;
  /** ES256 signature, 64 bytes r||s. */
  sign(name: string, message: Bytes): Promise<Bytes>;
  /** Opens an HPKE message (DHKEM(P-256, HKDF-SHA256), AES-256-GCM) sealed to the ECDH key. */
  open(name: string, sealed: Bytes, info: Bytes): Promise<Bytes | undefined>;
}

/** Stateless cryptography of the platform (WebCrypto). */
export interface CryptoPort {
  sha256(data: Bytes): Promise<Bytes>;
  verifyP256(point: Bytes, message: Bytes, signature: Bytes): Promise<boolean>;
  /** Key as COSE_Key bytes of an allowed algorithm; signature as WebAuthn gives it. */
  verifyCose(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean>;
  seal(ecdhPoint: Bytes, plain: Bytes, info: Bytes): Promise<Bytes>;
  /** A fresh signing key pair for an invite link. */
  createInviteKey(): Promise<{ readonly priv: Bytes; readonly pub: Bytes }>;
  signWithInviteKey(priv: Bytes, pub: Bytes, message: Bytes): Promise<Bytes>;
}

export interface PasskeyRegistration {
  readonly credential: Bytes;
  readonly coseKey: Bytes;
  readonly attestation: Bytes;
  readonly clientData: Bytes;
}

export interface PasskeyAssertion {
  readonly credential: Bytes;
  readonly authData: Bytes;
  readonly clientData: Bytes;
  readonly sig: Bytes;
  /** From the authenticator itself, never from a server. */
  readonly userHandle: Bytes;
}

export type PasskeyFailure = 'cancelled' | 'unavailable';

/** The ceremonies. The engine builds every challenge; the port builds every other option itself. */
export interface PasskeyPort {
  capabilities(): Promise<Capabilities>;
  register(options: {
    readonly rpId: string;
    readonly challenge: Bytes;
    readonly userHandle: Bytes;
    readonly userName: string;
  }): Promise<PasskeyRegistration | PasskeyFailure>;
  authenticate(options: {
    readonly rpId: string;
    readonly challenge: Bytes;
  }): Promise<PasskeyAssertion | PasskeyFailure>;
}

export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly sockets: SocketPort;
  readonly peers: PeerConnectionPort;
  readonly network: NetworkPort;
  readonly store: StorePort;
  readonly blobs: BlobPort;
  readonly keys: DeviceKeyPort;
  readonly crypto: CryptoPort;
  readonly passkeys: PasskeyPort;
  readonly deviceKind: 'browser' | 'desktop' | 'phone' | 'anchor';
  /** The fragment the page was opened with, without `#`; empty if none. */
  readonly arrivalFragment: string;
  /** Removes the fragment from the address bar, since it holds a secret. */
  clearArrival(): void;
}
