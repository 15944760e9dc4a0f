import { coseKeyFromAuthData } from '@rockpool/protocol';
import fc from 'fast-check';
import t from 'tap';
import { holdsForAll } from './holds-for-all.ts';

const COSE = Uint8Array.from([0xa2, 0x01, 0x02, 0x03, 0x26]);
const EXTENSIONS = Uint8Array.from([0xa1, 0x61, 0x61, 0x01]);

function authData(flags: number, tail: Uint8Array): Uint8Array {
  const id = new Uint8Array(16).fill(7);
  const head = new Uint8Array(55);
  head[32] = flags;
  head[54] = id.length;
  return Uint8Array.from([...head, ...id, ...tail]);
}

t.test('the COSE key of a registration ends where its CBOR item ends', async (t) => {
  const bare = coseKeyFromAuthData(authData(0x45, COSE));
  t.same(bare.ok && bare.value, COSE);
  const extended = coseKeyFromAuthData(authData(0xc5, Uint8Array.from([...COSE, ...EXTENSIONS])));
  t.same(extended.ok && extended.value, COSE);
});

t.test('authenticator data without a credential, or with half of one, is refused', async (t) => {
  t.equal(coseKeyFromAuthData(authData(0x05, COSE)).ok, false);
  t.equal(coseKeyFromAuthData(authData(0x45, COSE.slice(0, 3))).ok, false);
  t.equal(coseKeyFromAuthData(authData(0x45, new Uint8Array(0))).ok, false);
});

t.test('random authenticator data never throws', async (t) => {
  holdsForAll(
    t,
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      coseKeyFromAuthData(bytes);
    }),
  );
  t.pass('no input threw');
});
