// [STO-3] which node a store belongs to: data version u16 | cluster id (16) | realm (32) | node id
// (16) | incarnation (16, random, made with the empty store) | boot number u32 (one higher at each
// start). [STO-5] what is remembered of a peer: boot number u32 | boot id (8) | batch u64.

import { ByteReader, ByteWriter, fromHex, toHex } from './bytes.ts';
import { KNOWN_IDS } from './known-ids.ts';

/** The layout of everything below the keys; a store of another version is never read. */
export const DATA_VERSION = 4;

export interface StoreIdentity {
  readonly dataVersion: number;
  readonly clusterId: string;
  readonly realm: string;
  readonly nodeId: string;
  readonly incarnation: string;
  readonly bootNumber: number;
}

export function encodeIdentity(identity: StoreIdentity): Uint8Array {
  return new ByteWriter(86)
    .u16(identity.dataVersion)
    .bytes(fromHex(identity.clusterId))
    .bytes(fromHex(identity.realm))
    .bytes(fromHex(identity.nodeId))
    .bytes(fromHex(identity.incarnation))
    .u32(identity.bootNumber)
    .finish();
}

export function decodeIdentity(bytes: Uint8Array): StoreIdentity | undefined {
  const reader = new ByteReader(bytes);
  const identity = {
    dataVersion: reader.u16(),
    clusterId: toHex(reader.bytes(16)),
    realm: toHex(reader.bytes(32)),
    nodeId: toHex(reader.bytes(16)),
    incarnation: toHex(reader.bytes(16)),
    bootNumber: reader.u32(),
  };
  return reader.complete ? identity : undefined;
}

/** How far a store had come when its node last spoke. */
export interface PeerMark {
  readonly bootNumber: number;
  /** 8 bytes as lower-case hex, drawn at each start: two starts of one copied store differ in it. */
  readonly bootId: string;
  /** The newest durable batch. */
  readonly batch: number;
}

/** What a node says of its store with each frame. */
export interface StoreClaim extends PeerMark {
  /** The batch that counted this boot: all older ones were there when the node started. */
  readonly bootBatch: number;
}

export function encodePeerMark(mark: PeerMark): Uint8Array {
  return new ByteWriter(20)
    .u32(mark.bootNumber)
    .bytes(KNOWN_IDS.bytesOf(mark.bootId))
    .u64(mark.batch)
    .finish();
}

export function decodePeerMark(bytes: Uint8Array): PeerMark | undefined {
  const reader = new ByteReader(bytes);
  const mark = { bootNumber: reader.u32(), bootId: toHex(reader.bytes(8)), batch: reader.u64() };
  return reader.complete ? mark : undefined;
}
