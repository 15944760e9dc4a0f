// What the peer transport needs to know, and whom it tells.

import type { TLSSocket } from 'node:tls';
import type { StoreClaim } from '../format/identity.ts';
import type { FrameHeader, PeerFrame } from '../format/peer-frame.ts';
import type { Hello } from '../format/peer-payload.ts';
import type { MemberNode } from '../meta/meta-records.ts';
import type { NodeError } from '../node-error.ts';
import type { ClusterLogger } from '../options.ts';
import type { NodeKey } from './node-key.ts';

export interface PeerPorts {
  readonly self: MemberNode;
  readonly clusterId: string;
  /** What this node says of itself at the begin of every connection. */
  readonly hello: Hello;
  readonly key: NodeKey;
  readonly logger: ClusterLogger;
  members(): readonly MemberNode[];
  member(nodeId: string): MemberNode | undefined;
  memberByFingerprint(fingerprint: string): MemberNode | undefined;
  /** The id of a node that held this key until it left for good. */
  formerMember(fingerprint: string): string | undefined;
  /** Somebody who is no member asks to become one. Resolves to false if it was turned away. */
  onJoining(socket: TLSSocket): Promise<boolean>;
  addressOf(node: MemberNode): string | undefined;
  /** What a frame that leaves now says of its sender. */
  header(receiver: string): FrameHeader;
  /** False if the peer's store is older than what was heard of it. */
  admit(nodeId: string, claim: StoreClaim): boolean;
  /** Where the member says that it is reached. */
  onHello(nodeId: string, hello: Hello): void;
  /** Any other frame of a member that passed every check. */
  onFrame(frame: PeerFrame): void;
  onPeerChange(nodeId: string): void;
  /** A connection with the peer broke: what was on its way, in either direction, may be lost. */
  onLost(nodeId: string): void;
  /** The other members do not accept this node any more. */
  onRefused(error: NodeError): void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** host:port, with IPv6 hosts in brackets; port 0 asks for any. */
export function parseAddress(address: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || !(port <= 65_535) ? undefined : { host, port };
}
