// Heartbeats of all groups to one peer in one block of a bundle, and the answers to them likewise, [PEER-4]:
// kind u8 | count u32 | a line for each: group, term, commit and round, or group, term and round. Numbers are
// LEB128. Each group is as alive as its own line says: nothing is summed up.

import type { NodeId } from '../core/entry.ts';
import type { Heartbeat, HeartbeatReply, PeerMessage } from '../core/messages.ts';
import { type ByteReader, type ByteWriter, varintBytes } from './bytes.ts';

export const HEARTBEATS = 13;
export const HEARTBEAT_REPLIES = 14;
const HEAD_BYTES = 5;
const LINE_BYTES_MIN = 3;

type Line = Heartbeat | HeartbeatReply;

/** 0 for none: then there is no block. */
export function heartbeatLinesBytes(lines: readonly Line[]): number {
  if (lines.length === 0) return 0;
  let bytes = HEAD_BYTES;
  for (const line of lines) {
    bytes += varintBytes(line.group) + varintBytes(line.term) + varintBytes(line.round);
    if (line.kind === 'heartbeat') bytes += varintBytes(line.commit);
  }
  return bytes;
}

/** Lines of one kind. */
export function writeHeartbeatLines(writer: ByteWriter, lines: readonly Line[]): void {
  const [first] = lines;
  if (first === undefined) return;
  writer.u8(first.kind === 'heartbeat' ? HEARTBEATS : HEARTBEAT_REPLIES).u32(lines.length);
  for (const line of lines) {
    writer.varint(line.group).varint(line.term);
    if (line.kind === 'heartbeat') writer.varint(line.commit);
    writer.varint(line.round);
  }
}

/** Reads what follows the kind; the reader turns bad at anything that is none. */
export function readHeartbeatLines(
  kind: typeof HEARTBEATS | typeof HEARTBEAT_REPLIES,
  reader: ByteReader,
  ends: { readonly from: NodeId; readonly to: NodeId },
): readonly PeerMessage[] {
  const count = reader.u32();
  if (count * LINE_BYTES_MIN > reader.left) reader.fail();
  const lines: PeerMessage[] = [];
  for (let at = 0; at < count && !reader.bad; at += 1) {
    const head = { group: reader.varint(), from: ends.from, to: ends.to, term: reader.varint() };
    lines.push(
      kind === HEARTBEATS
        ? { ...head, kind: 'heartbeat', commit: reader.varint(), round: reader.varint() }
        : { ...head, kind: 'heartbeatReply', round: reader.varint() },
    );
  }
  return lines;
}
