// Devices that are members of pools, as the preparation leaves them for the load: with their private keys, in a
// file of the bench's own directory.
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Bytes, fromBase64url, type Ref, toBase64url } from '@rockpool/protocol';
import type { NewMember } from './enrol-members.ts';
import type { DeviceSigner } from './rockpool-socket.ts';

export interface Member {
  readonly pool: Ref;
  readonly user: Ref;
  readonly device: DeviceSigner;
}

interface Row {
  readonly pool: readonly [number, string];
  readonly user: readonly [number, string];
  readonly device: string;
  /** PKCS #8, PEM. */
  readonly key: string;
}

interface MembersFile {
  readonly origin: string;
  readonly members: readonly Row[];
}

/** Members in the order in which the load opens their sockets: pool by pool. */
export function writeMembers(path: string, origin: string, members: readonly NewMember[]): void {
  const rows = members.map(({ pool, user, device }): Row => {
    const { privateKey } = device.signing;
    return {
      pool: written(pool),
      user: written(user),
      device: toBase64url(device.id),
      key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    };
  });
  writeFileSync(path, JSON.stringify({ origin, members: rows } satisfies MembersFile), {
    mode: 0o600,
  });
}

export function readMembers(path: string): {
  readonly origin: string;
  readonly members: readonly Member[];
} {
  const { origin, members }: MembersFile = JSON.parse(readFileSync(path, 'utf8'));
  return { origin, members: members.map(memberOf) };
}

function memberOf({ pool, user, device, key: pem }: Row): Member {
  const key = createPrivateKey(pem);
  const signer = (message: Bytes): Bytes =>
    new Uint8Array(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }));
  return { pool: read(pool), user: read(user), device: { id: bytesOf(device), sign: signer } };
}

function written([slot, id]: Ref): [number, string] {
  return [slot, toBase64url(id)];
}

function read([slot, id]: readonly [number, string]): Ref {
  return [slot, bytesOf(id)];
}

function bytesOf(text: string): Bytes {
  const bytes = fromBase64url(text);
  if (bytes === undefined) throw new Error('the file of members is damaged');
  return bytes;
}
