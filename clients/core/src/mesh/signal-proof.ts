// Signals between two devices: sealed to the target so that no node reads them, and descriptions
// signed so that no node can put its own certificate in between.

import {
  type Bytes,
  CLOCK_SKEW_MAX_MS,
  concatBytes,
  decodePeerSignal,
  descriptionSignInput,
  encodeCbor,
  equalBytes,
  type PeerSignal,
  type Result,
  refuse,
  type SignedDescription,
  sdpFingerprint,
  utf8,
} from '@rockpool/protocol';
import type { CryptoPort } from '../ports.ts';

/** [CLI-1] HPKE info of a signal: it opens only for this pool, this sender and this target. */
export function signalInfo(pool: Bytes, from: Bytes, to: Bytes): Bytes {
  return concatBytes(utf8('rockpool/signal/v1'), new Uint8Array(1), pool, from, to);
}

export function sealSignal(
  crypto: CryptoPort,
  signal: PeerSignal,
  ecdhPoint: Bytes,
  info: Bytes,
): Promise<Bytes> {
  return crypto.seal(ecdhPoint, encodeCbor(signal), info);
}

export async function signDescription(
  description: Omit<SignedDescription, 'sig'>,
  sign: (message: Bytes) => Promise<Bytes>,
): Promise<SignedDescription> {
  return { ...description, sig: await sign(descriptionSignInput(description)) };
}

export interface SignalParty {
  readonly pool: Bytes;
  readonly from: Bytes;
  readonly to: Bytes;
  /** Signing point of the sender, from its verified chain. */
  readonly point: Bytes;
  readonly nowMs: number;
}

export interface VerifiedDescription {
  readonly description: SignedDescription;
  readonly sdp: string;
  /** SHA-256 of the certificate that the description announces. */
  readonly fingerprint: Bytes;
}

export function readSignal(plain: Bytes, pool: Bytes): Result<PeerSignal> {
  const decoded = decodePeerSignal(plain);
  if (!decoded.ok) return decoded;
  return equalBytes(decoded.value.pool, pool)
    ? decoded
    : refuse('PEER_BINDING', 'signal of another pool');
}

/** Everything that must hold before a description may reach the connection. */
export async function verifyDescription(
  crypto: CryptoPort,
  description: SignedDescription,
  party: SignalParty,
): Promise<Result<VerifiedDescription>> {
  const { pool, from, to, sig, time, sdp } = description;
  const meant =
    equalBytes(pool, party.pool) && equalBytes(from, party.from) && equalBytes(to, party.to);
  if (!meant) return refuse('PEER_BINDING', 'description for another pair of devices');
  if (Math.abs(time - party.nowMs) > CLOCK_SKEW_MAX_MS) {
    return refuse('PEER_BINDING', 'description is too old, or a clock is wrong');
  }
  if ((description.role === 'answer') !== (description.offer !== undefined)) {
    return refuse('PEER_BINDING', 'exactly an answer names its offer');
  }
  if (!(await crypto.verifyP256(party.point, descriptionSignInput(description), sig))) {
    return refuse('PEER_BINDING', 'description is not signed by the device');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(sdp);
  } catch {
    return refuse('PEER_FINGERPRINT', 'description is not UTF-8');
  }
  const fingerprint = sdpFingerprint(text);
  if (!fingerprint.ok) return fingerprint;
  return { ok: true, value: { description, sdp: text, fingerprint: fingerprint.value } };
}
