// What a new node and a member say to each other, once: [JOIN-3] request = version u8 = 1 | secret (16) | node id (16) | its
// record [STO-11]; [JOIN-4] answer = 0 u8 | cluster id (16) | realm (32) | number of nodes u8 | for each node id (16) | length u16 |
// record | slot table [STO-11], or 1 u8 | code in ASCII. Each is preceded by its length u32.

import type { TLSSocket } from 'node:tls';
import { ByteReader, ByteWriter, fromHex, toHex } from '../format/bytes.ts';
import {
  decodeNode,
  decodeSlotTable,
  encodeNode,
  encodeSlotTable,
  type MemberNode,
} from '../meta/meta-records.ts';
import { nodeMistakes } from '../node/node-mistakes.ts';
import type { ClusterView, NewNode } from '../ports.ts';
import { SECRET_BYTES } from './join-token.ts';

/** Its ALPN name sets a join apart from the connections of members, before the first byte. */
export const JOIN_PROTOCOL = 'rockpool-join/1';
export const REQUEST_BYTES_MAX = 1_024;
/** 64 nodes and 1,024 shards are far below. */
export const ANSWER_BYTES_MAX = 131_072;
const VERSION = 1;
const CODE = /^[A-Z_]{1,64}$/;

export interface JoinRequest {
  readonly secret: Uint8Array;
  readonly node: NewNode;
}

export type JoinAnswer =
  | { readonly ok: true; readonly view: ClusterView }
  | { readonly ok: false; readonly code: string };

export function encodeJoinRequest({ secret, node }: JoinRequest): Uint8Array {
  const record = encodeNode(node);
  return new ByteWriter(1 + SECRET_BYTES + 16 + record.length)
    .u8(VERSION)
    .bytes(secret)
    .bytes(fromHex(node.id))
    .bytes(record)
    .finish();
}

export function decodeJoinRequest(bytes: Uint8Array): JoinRequest | undefined {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  const secret = reader.bytes(SECRET_BYTES);
  const id = toHex(reader.bytes(16));
  const node = wholeNode(id, reader.rest());
  if (!reader.complete || version !== VERSION || node === undefined) return undefined;
  return nodeMistakes(node).length === 0 ? { secret, node } : undefined;
}

export function encodeJoinAnswer(answer: JoinAnswer): Uint8Array {
  if (!answer.ok) return Uint8Array.of(1, ...Buffer.from(answer.code));
  const { clusterId, realm, nodes, slotTable } = answer.view;
  const listed = nodes.map((node) => {
    const record = encodeNode(node);
    return new ByteWriter(18 + record.length)
      .bytes(fromHex(node.id))
      .u16(record.length)
      .bytes(record)
      .finish();
  });
  const head = new ByteWriter(50).u8(0).bytes(fromHex(clusterId)).bytes(fromHex(realm));
  return Buffer.concat([head.u8(nodes.length).finish(), ...listed, encodeSlotTable(slotTable)]);
}

export function decodeJoinAnswer(bytes: Uint8Array): JoinAnswer | undefined {
  const reader = new ByteReader(bytes);
  const kind = reader.u8();
  if (kind === 1) {
    const code = Buffer.from(reader.rest()).toString('latin1');
    return CODE.test(code) ? { ok: false, code } : undefined;
  }
  const clusterId = toHex(reader.bytes(16));
  const realm = toHex(reader.bytes(32));
  const count = reader.u8();
  const nodes: MemberNode[] = [];
  for (let at = 0; at < count; at += 1) {
    const node = wholeNode(toHex(reader.bytes(16)), reader.bytes(reader.u16()));
    if (node === undefined) return undefined;
    nodes.push(node);
  }
  const slotTable = decodeSlotTable(reader.rest());
  if (kind !== 0 || !reader.complete || slotTable === undefined) return undefined;
  return { ok: true, view: { clusterId, realm, nodes, slotTable } };
}

/** Resolves with the one message that comes. Rejects if it is too long, or the connection ends before. */
export function receiveMessage(socket: TLSSocket, bytesMax: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4) return;
      const end = 4 + received.readUInt32BE();
      if (end > 4 + bytesMax || received.length > end) finish(new Error('the message is too long'));
      else if (received.length === end) finish(undefined);
    };
    const onEnd = () => finish(new Error('the connection ended'));
    const finish = (error: Error | undefined) => {
      socket.off('data', onData);
      socket.off('close', onEnd);
      socket.off('end', onEnd);
      if (error === undefined) resolve(received.subarray(4));
      else reject(error);
    };
    socket.on('data', onData);
    socket.once('close', onEnd);
    socket.once('end', onEnd);
    if (socket.destroyed) onEnd();
  });
}

export function withLength(message: Uint8Array): Uint8Array {
  return new ByteWriter(4 + message.length).u32(message.length).bytes(message).finish();
}

/** Undefined also for a record that would be written in another way than it came. */
function wholeNode(id: string, record: Uint8Array): MemberNode | undefined {
  const node = decodeNode(id, record);
  if (node === undefined || node.name.length > 255 || node.peerAddress.length > 255)
    return undefined;
  const isText = !`${node.name}${node.peerAddress}`.includes('\ufffd');
  return isText && Buffer.from(encodeNode(node)).equals(record) ? node : undefined;
}
