// The sealed signal of docs/protocol/vectors.md opens with the key that the page names.
import { createECDH } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '@rockpool/protocol';
import t from 'tap';
import { signalInfo } from '../src/mesh/signal-proof.ts';
import { openSealed } from '../src/webcrypto/hpke.ts';

const page = readFileSync(
  join(import.meta.dirname, '..', '..', '..', 'docs', 'protocol', 'vectors.md'),
  'utf8',
);
const exampleOf = (name: string): Uint8Array => {
  const [, hex = ''] = new RegExp(`^${name}: ([0-9a-f]+)$`, 'm').exec(page) ?? [];
  return fromHex(hex) ?? new Uint8Array(0);
};

/** The key pair whose private half is this byte, 32 times. */
async function keyPair(privateByte: number): Promise<CryptoKeyPair> {
  const ecdh = createECDH('prime256v1');
  const d = Buffer.alloc(32, privateByte);
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) =>
    half.toString('base64url'),
  );
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' };
  const jwk = { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' };
  const { subtle } = globalThis.crypto;
  const publicKey = await subtle.importKey('jwk', jwk, algorithm, true, []);
  const secret = { ...jwk, d: d.toString('base64url') };
  const privateKey = await subtle.importKey('jwk', secret, algorithm, false, ['deriveBits']);
  return { publicKey, privateKey };
}

t.test('the sealed signal of the examples opens for the device it names', async (t) => {
  const info = signalInfo(
    exampleOf('pool id'),
    exampleOf('device id'),
    exampleOf('target device id'),
  );
  const plain = await openSealed(await keyPair(0x66), exampleOf('signal sealed'), info);
  t.equal(toHex(plain ?? new Uint8Array(0)), toHex(exampleOf('signal body')));
  t.equal(await openSealed(await keyPair(0x22), exampleOf('signal sealed'), info), undefined);
});
