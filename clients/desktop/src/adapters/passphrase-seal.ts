// A secret sealed under a passphrase: scrypt (RFC 7914) makes the key, AES-256-GCM seals. The cost
// stands beside the sealed secret, so that it can be raised for new ones; it is held within limits,
// because a file that asks for all memory must not get it.

import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';

export interface SealedSecret {
  readonly costLog2: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

/** 128 MiB and about half a second: OWASP's first choice of 2024 for scrypt. */
const COST_LOG2 = 17;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const COST_LOG2_MAX = 20;
const BLOCK_SIZE_MAX = 16;
const PARALLELIZATION_MAX = 4;

const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const PURPOSE = 'rockpool/desktop/master-key/v1';

export interface SealCost {
  readonly costLog2: number;
}

export async function sealUnder(
  passphrase: string,
  secret: Uint8Array,
  { costLog2 }: SealCost = { costLog2: COST_LOG2 },
): Promise<SealedSecret> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES));
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  const cost = { costLog2, blockSize: BLOCK_SIZE, parallelization: PARALLELIZATION };
  const cipher = createCipheriv('aes-256-gcm', await stretch(passphrase, salt, cost), nonce);
  cipher.setAAD(Buffer.from(PURPOSE));
  const sealed = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  return { ...cost, salt, nonce, sealed: new Uint8Array(sealed) };
}

/** Undefined: another passphrase. */
export async function openUnder(
  passphrase: string,
  secret: SealedSecret,
): Promise<Uint8Array | undefined> {
  const key = await stretch(passphrase, secret.salt, secret);
  const decipher = createDecipheriv('aes-256-gcm', key, secret.nonce);
  decipher.setAAD(Buffer.from(PURPOSE));
  decipher.setAuthTag(secret.sealed.subarray(-TAG_BYTES));
  try {
    const plain = [decipher.update(secret.sealed.subarray(0, -TAG_BYTES)), decipher.final()];
    return new Uint8Array(Buffer.concat(plain));
  } catch {
    return undefined;
  }
}

/** Whether the numbers and lengths are ones that this program takes. */
export function isWithinLimits(secret: SealedSecret): boolean {
  return (
    isBetween(secret.costLog2, 1, COST_LOG2_MAX) &&
    isBetween(secret.blockSize, 1, BLOCK_SIZE_MAX) &&
    isBetween(secret.parallelization, 1, PARALLELIZATION_MAX) &&
    secret.salt.length === SALT_BYTES &&
    secret.nonce.length === NONCE_BYTES &&
    secret.sealed.length === KEY_BYTES + TAG_BYTES
  );
}

function isBetween(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

type Cost = Pick<SealedSecret, 'costLog2' | 'blockSize' | 'parallelization'>;

function stretch(passphrase: string, salt: Uint8Array, cost: Cost): Promise<Buffer> {
  const { costLog2, blockSize: r, parallelization: p } = cost;
  const options = { N: 2 ** costLog2, r, p, maxmem: 128 * (2 ** costLog2 + p + 2) * r };
  // The same letters in another Unicode form are the same passphrase.
  const password = passphrase.normalize('NFKC');
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
