// The rules that both kinds of chain share: where a link goes, what time counts, how far an expiry
// may reach, and which device may sign.

import { type Bytes, equalBytes } from '../encoding/bytes.ts';
import { accept, type Refusal, type Result, refuse } from '../encoding/result.ts';
import type { Head, Ref } from '../encoding/shape.ts';
import { CHAIN_BYTES_MAX, CHAIN_LINKS_MAX } from '../limits.ts';
import type { OpenEnvelope } from './envelope.ts';
import type { DeviceEntry, UserState } from './state-rows.ts';
import type { Signature } from './statements.ts';

/** What a state says about the chain it stands for. */
export interface Position {
  readonly ref: Ref;
  readonly seq: number;
  readonly head: Bytes;
  readonly timeMs: number;
  readonly chainBytes: number;
}

/** Position after the genesis. */
export function firstPosition(
  ref: Ref,
  opened: OpenEnvelope<unknown>,
  logTimeMs: number,
): Position {
  return { ref, seq: 0, head: opened.hash, timeMs: logTimeMs, chainBytes: opened.bytes };
}

/** Position after one more link, or why it does not continue the chain. */
export function nextPosition(
  state: Position,
  opened: OpenEnvelope<unknown>,
  link: { readonly ref: Ref; readonly seq: number; readonly prev: Bytes },
  logTimeMs: number,
): Result<Position> {
  if (!equalRefs(link.ref, state.ref)) {
    return refuse('CHAIN_MALFORMED', 'names another chain, or another slot');
  }
  if (link.seq !== state.seq + 1 || !equalBytes(link.prev, state.head)) {
    return refuse('CHAIN_CONFLICT', `does not continue link ${state.seq}`);
  }
  const chainBytes = state.chainBytes + opened.bytes;
  if (link.seq > CHAIN_LINKS_MAX || chainBytes > CHAIN_BYTES_MAX) {
    return refuse('CHAIN_QUOTA', 'the chain is full');
  }
  // Log time never goes back along a chain, whatever a server writes beside its links.
  const timeMs = Math.max(state.timeMs, logTimeMs);
  return accept({ ref: state.ref, seq: link.seq, head: opened.hash, timeMs, chainBytes });
}

/** Undefined if the expiry lies after `nowMs` and at most `lifeMaxMs` later. */
export function wrongExpiry(
  what: string,
  expiry: number,
  nowMs: number,
  lifeMaxMs: number,
): Refusal | undefined {
  if (expiry <= nowMs) return refuse('CHAIN_EXPIRED', `${what} has expired`);
  if (expiry > nowMs + lifeMaxMs) return refuse('CHAIN_MALFORMED', `${what} lasts too long`);
  return undefined;
}

/** The signatures must be by exactly these, in this order. */
export function signedBy(sigs: readonly Signature[], ...by: readonly Signature['by'][]): boolean {
  return sigs.length === by.length && sigs.every((signature, i) => signature.by === by[i]);
}

export function findDevice(state: UserState, device: Bytes): DeviceEntry | undefined {
  return state.devices.find((entry) => equalBytes(entry.id, device));
}

/** Expired devices keep what they made; they may make nothing new. */
export function isDeviceActive(device: DeviceEntry, nowMs: number): boolean {
  return device.expiry > nowMs;
}

/** A device that may sign links: listed, full, not expired. */
export function signingDevice(state: UserState, device: Bytes, nowMs: number): Result<DeviceEntry> {
  const entry = findDevice(state, device);
  if (entry === undefined) return refuse('CHAIN_AUTHORITY', 'signed by an unknown device');
  if (entry.capability !== 'full') {
    return refuse('CHAIN_AUTHORITY', 'signed by a temporary device');
  }
  if (!isDeviceActive(entry, nowMs)) {
    return refuse('CHAIN_EXPIRED', 'signed by an expired device');
  }
  return accept(entry);
}

export function equalRefs(a: Ref, b: Ref): boolean {
  return a[0] === b[0] && equalBytes(a[1], b[1]);
}

export function equalHeads(a: Head, b: Head): boolean {
  return a[0] === b[0] && equalBytes(a[1], b[1]);
}
