// A node's key pair and self-signed certificate. Nobody signs for anybody here: a node is known by
// the SHA-256 of its certificate, which the membership lists.

import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { toHex } from '../format/bytes.ts';

/** PEM texts. The key never leaves the node's data directory. */
export interface NodeKey {
  readonly key: string;
  readonly certificate: string;
}

/** The peers compare fingerprints, not dates; still no certificate claims to be eternal. */
const VALID_DAYS = 36_500;
const DAY_MS = 86_400_000;

export async function makeNodeKey(nodeId: string): Promise<NodeKey> {
  const made = await generate([{ name: 'commonName', value: nodeId }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - DAY_MS),
    notAfterDate: new Date(Date.now() + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    ],
  });
  return { key: made.private, certificate: made.cert };
}

/** Of a key that was just made; it must belong to its certificate. */
export function certificateFingerprint({ key, certificate }: NodeKey): string {
  const made = new X509Certificate(certificate);
  if (!made.checkPrivateKey(createPrivateKey(key))) throw new Error('key and certificate differ');
  return fingerprintOf(made.raw);
}

/** SHA-256 of a certificate's DER, lower-case hex. */
export function fingerprintOf(der: Uint8Array): string {
  return toHex(createHash('sha256').update(der).digest());
}

/** The fingerprint that the other end has just proved to hold the key of. */
export function peerFingerprint(socket: TLSSocket): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? undefined : fingerprintOf(certificate.raw);
}
