// One raft message inside a bundle, [PEER-4], of any kind but heartbeats: kind u8 | group u32 | term u64 |
// the kind's fields in the order below. Sender and receiver stand in the frame's header, not here. A malformed message
// spoils its whole bundle: no correct node sends one.

import type { Entry, NodeId } from '../core/entry.ts';
import type { Heartbeat, HeartbeatReply, PeerMessage } from '../core/messages.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { ENTRY_HEAD_BYTES, logEntryBytes, readLogEntry, writeLogEntry } from './log-entry.ts';

const KIND = {
  preVoteRequest: 1,
  preVoteReply: 2,
  voteRequest: 3,
  voteReply: 4,
  append: 5,
  appendAccepted: 6,
  appendRejected: 7,
  readRequest: 10,
  readReply: 11,
  timeoutNow: 12,
} as const;

const HEAD_BYTES = 13;
const APPEND_BYTES = HEAD_BYTES + 28;

export type SingleMessage = Exclude<PeerMessage, Heartbeat | HeartbeatReply>;

export function raftMessageBytes(message: SingleMessage): number {
  switch (message.kind) {
    case 'preVoteRequest':
      return HEAD_BYTES + 16;
    case 'voteRequest':
      return HEAD_BYTES + 17;
    case 'timeoutNow':
      return HEAD_BYTES;
    case 'preVoteReply':
    case 'voteReply':
      return HEAD_BYTES + 1;
    case 'append':
      return message.entries.reduce((sum, entry) => sum + logEntryBytes(entry), APPEND_BYTES);
    case 'appendAccepted':
      return HEAD_BYTES + 8;
    case 'appendRejected':
      return HEAD_BYTES + 24;
    case 'readRequest':
      return HEAD_BYTES + 12;
    case 'readReply':
      return HEAD_BYTES + 21;
  }
}

export function writeRaftMessage(writer: ByteWriter, message: SingleMessage): void {
  writer.u8(KIND[message.kind]).u32(message.group).u64(message.term);
  switch (message.kind) {
    case 'preVoteRequest':
      writer.u64(message.lastIndex).u64(message.lastTerm);
      return;
    case 'voteRequest':
      writer.u64(message.lastIndex).u64(message.lastTerm);
      writer.u8(message.isTransfer ? 1 : 0);
      return;
    case 'timeoutNow':
      return;
    case 'preVoteReply':
    case 'voteReply':
      writer.u8(message.granted ? 1 : 0);
      return;
    case 'append':
      writer.u64(message.previousIndex).u64(message.previousTerm).u64(message.commit);
      writer.u32(message.entries.length);
      for (const entry of message.entries) writeLogEntry(writer, entry);
      return;
    case 'appendAccepted':
      writer.u64(message.matchIndex);
      return;
    case 'appendRejected':
      writer.u64(message.rejectedIndex).u64(message.hintIndex).u64(message.hintTerm);
      return;
    case 'readRequest':
      writer.u32(message.boot).u64(message.read);
      return;
    case 'readReply':
      writer
        .u32(message.boot)
        .u64(message.read)
        .u8(message.confirmed ? 1 : 0);
      writer.u64(message.index);
      return;
  }
}

/** Reads what follows the kind; the reader turns bad at anything that is none. */
export function readRaftMessage(
  kind: number,
  reader: ByteReader,
  { from, to }: { readonly from: NodeId; readonly to: NodeId },
): PeerMessage | undefined {
  const envelope = { group: reader.u32(), from, to, term: reader.u64() };
  const message = readBody(kind, envelope, reader);
  if (message === undefined) reader.fail();
  return reader.bad ? undefined : message;
}

type Envelope = Pick<PeerMessage, 'group' | 'from' | 'to' | 'term'>;

function readBody(kind: number, envelope: Envelope, reader: ByteReader): PeerMessage | undefined {
  switch (kind) {
    case KIND.preVoteRequest:
      return {
        ...envelope,
        kind: 'preVoteRequest',
        lastIndex: reader.u64(),
        lastTerm: reader.u64(),
      };
    case KIND.voteRequest: {
      const [lastIndex, lastTerm, transfer] = [reader.u64(), reader.u64(), reader.u8()];
      if (transfer > 1) return undefined;
      return { ...envelope, kind: 'voteRequest', lastIndex, lastTerm, isTransfer: transfer === 1 };
    }
    case KIND.timeoutNow:
      return { ...envelope, kind: 'timeoutNow' };
    case KIND.preVoteReply:
    case KIND.voteReply: {
      const granted = reader.u8();
      if (granted > 1) return undefined;
      const name = kind === KIND.voteReply ? 'voteReply' : 'preVoteReply';
      return { ...envelope, kind: name, granted: granted === 1 };
    }
    case KIND.append:
      return readAppend(envelope, reader);
    case KIND.appendAccepted:
      return { ...envelope, kind: 'appendAccepted', matchIndex: reader.u64() };
    case KIND.appendRejected:
      return {
        ...envelope,
        kind: 'appendRejected',
        rejectedIndex: reader.u64(),
        hintIndex: reader.u64(),
        hintTerm: reader.u64(),
      };
    case KIND.readRequest:
      return { ...envelope, kind: 'readRequest', boot: reader.u32(), read: reader.u64() };
    case KIND.readReply: {
      const [boot, read, confirmed, index] = [
        reader.u32(),
        reader.u64(),
        reader.u8(),
        reader.u64(),
      ];
      if (confirmed > 1) return undefined;
      return { ...envelope, kind: 'readReply', boot, read, confirmed: confirmed === 1, index };
    }
    default:
      return undefined;
  }
}

function readAppend(envelope: Envelope, reader: ByteReader): PeerMessage | undefined {
  const previousIndex = reader.u64();
  const previousTerm = reader.u64();
  const commit = reader.u64();
  const count = reader.u32();
  if (count * ENTRY_HEAD_BYTES > reader.left) return undefined;
  const entries: Entry[] = [];
  for (let i = 0; i < count; i += 1) {
    const entry = readLogEntry(reader);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return { ...envelope, kind: 'append', previousIndex, previousTerm, commit, entries };
}
