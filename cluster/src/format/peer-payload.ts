// Payloads of peer frames: [PEER-3] hello = feature level u16; [PEER-4] raft = messages one after the
// other until the end; [PEER-5] proposal = request u64 | group u32 | rule version u16 | table epoch
// u32 | command; [PEER-6] its reply = request u64 | answer u8 (0 appended, 1 not leader, 2 busy); [PEER-7]
// application = bytes that are the application's own; [PEER-8] refusal = code u8 (1 incarnation, 2
// cluster, 3 frame, 4 key, 5 the node has left).

import type { NodeId } from '../core/entry.ts';
import type { Heartbeat, HeartbeatReply, PeerMessage } from '../core/messages.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import {
  HEARTBEAT_REPLIES,
  HEARTBEATS,
  heartbeatLinesBytes,
  readHeartbeatLines,
  writeHeartbeatLines,
} from './heartbeat-lines.ts';
import { COMMAND_BYTES_MAX } from './log-entry.ts';
import { PAYLOAD_BYTES_MAX } from './peer-frame.ts';
import {
  raftMessageBytes,
  readRaftMessage,
  type SingleMessage,
  writeRaftMessage,
} from './raft-message.ts';

export const APPLICATION_BYTES_MAX = 262_144;

export interface ForwardedProposal {
  /** Another one with each send, so that an answer tells which send it is for. */
  readonly request: number;
  readonly group: number;
  readonly ruleVersion: number;
  readonly tableEpoch: number;
  readonly command: Uint8Array;
}

const ANSWERS = ['appended', 'notLeader', 'busy'] as const;
export type ProposalAnswer = (typeof ANSWERS)[number];

export interface ProposalReply {
  readonly request: number;
  readonly answer: ProposalAnswer;
}

const REFUSALS = [
  'PEER_INCARNATION',
  'PEER_WRONG_CLUSTER',
  'PEER_FRAME_REFUSED',
  'PEER_UNKNOWN_KEY',
  'MEMBER_HAS_LEFT',
] as const;
export type PeerRefusal = (typeof REFUSALS)[number];

export interface Hello {
  readonly featureLevel: number;
  /** host:port where the sender is reached now, whatever the membership says yet. */
  readonly peerAddress: string;
}

export function encodeHello({ featureLevel, peerAddress }: Hello): Uint8Array {
  const address = Buffer.from(peerAddress);
  return new ByteWriter(3 + address.length)
    .u16(featureLevel)
    .u8(address.length)
    .bytes(address)
    .finish();
}

export function decodeHello(bytes: Uint8Array): Hello | undefined {
  const reader = new ByteReader(bytes);
  const featureLevel = reader.u16();
  const address = Buffer.from(reader.bytes(reader.u8()));
  const peerAddress = address.toString();
  const isText = Buffer.from(peerAddress).equals(address);
  return reader.complete && isText ? { featureLevel, peerAddress } : undefined;
}

/** One payload for each frame that the messages need; almost always a single one. */
export function encodeRaftBundles(messages: readonly PeerMessage[]): Uint8Array[] {
  let bundle = emptyBundle();
  const bundles: Uint8Array[] = [];
  for (const message of messages) {
    if (message.kind === 'heartbeat') bundle.heartbeats.push(message);
    else if (message.kind === 'heartbeatReply') bundle.replies.push(message);
  }
  let bytes = heartbeatLinesBytes(bundle.heartbeats) + heartbeatLinesBytes(bundle.replies);
  for (const message of messages) {
    if (message.kind === 'heartbeat' || message.kind === 'heartbeatReply') continue;
    const length = raftMessageBytes(message);
    if (bytes > 0 && bytes + length > PAYLOAD_BYTES_MAX) {
      bundles.push(encodeBundle(bundle, bytes));
      bundle = emptyBundle();
      bytes = 0;
    }
    bundle.singles.push(message);
    bytes += length;
  }
  if (bytes > 0) bundles.push(encodeBundle(bundle, bytes));
  return bundles;
}

interface Bundle {
  readonly heartbeats: Heartbeat[];
  readonly replies: HeartbeatReply[];
  readonly singles: SingleMessage[];
}

function emptyBundle(): Bundle {
  return { heartbeats: [], replies: [], singles: [] };
}

function encodeBundle({ heartbeats, replies, singles }: Bundle, bytes: number): Uint8Array {
  const writer = new ByteWriter(bytes);
  writeHeartbeatLines(writer, heartbeats);
  writeHeartbeatLines(writer, replies);
  for (const message of singles) writeRaftMessage(writer, message);
  return writer.finish();
}

export function decodeRaftBundle(
  bytes: Uint8Array,
  from: NodeId,
  to: NodeId,
): readonly PeerMessage[] | undefined {
  const reader = new ByteReader(bytes);
  const ends = { from, to };
  const messages: PeerMessage[] = [];
  while (reader.left > 0) {
    const kind = reader.u8();
    if (kind === HEARTBEATS || kind === HEARTBEAT_REPLIES) {
      for (const line of readHeartbeatLines(kind, reader, ends)) messages.push(line);
      continue;
    }
    const message = readRaftMessage(kind, reader, ends);
    if (message === undefined) return undefined;
    messages.push(message);
  }
  return reader.complete ? messages : undefined;
}

export function encodeProposal(proposal: ForwardedProposal): Uint8Array {
  return new ByteWriter(18 + proposal.command.length)
    .u64(proposal.request)
    .u32(proposal.group)
    .u16(proposal.ruleVersion)
    .u32(proposal.tableEpoch)
    .bytes(proposal.command)
    .finish();
}

export function decodeProposal(bytes: Uint8Array): ForwardedProposal | undefined {
  const reader = new ByteReader(bytes);
  const proposal = {
    request: reader.u64(),
    group: reader.u32(),
    ruleVersion: reader.u16(),
    tableEpoch: reader.u32(),
    command: reader.rest(),
  };
  return reader.complete && proposal.command.length <= COMMAND_BYTES_MAX ? proposal : undefined;
}

export function encodeProposalReply(reply: ProposalReply): Uint8Array {
  return new ByteWriter(9).u64(reply.request).u8(ANSWERS.indexOf(reply.answer)).finish();
}

export function decodeProposalReply(bytes: Uint8Array): ProposalReply | undefined {
  const reader = new ByteReader(bytes);
  const request = reader.u64();
  const answer = ANSWERS[reader.u8()];
  return reader.complete && answer !== undefined ? { request, answer } : undefined;
}

export function encodeRefusal(code: PeerRefusal): Uint8Array {
  return new ByteWriter(1).u8(REFUSALS.indexOf(code) + 1).finish();
}

export function decodeRefusal(bytes: Uint8Array): PeerRefusal | undefined {
  const reader = new ByteReader(bytes);
  const code = REFUSALS[reader.u8() - 1];
  return reader.complete ? code : undefined;
}
