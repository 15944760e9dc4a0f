import fc from 'fast-check';
import t from 'tap';
import {
  type Assertion,
  type Bytes,
  type Credential,
  concatBytes,
  enrolmentChallenge,
  fromHex,
  judgeAssertion,
  parseCoseKey,
  registrationChallenge,
  taggedHash,
  utf8,
} from '../src/index.ts';
import { createTestPasskey, verifyChecks } from '../testing/index.ts';
import { upTo } from './arbitraries.ts';
import { flipBit } from './forge.ts';
import { holdsForAll } from './holds-for-all.ts';

const CHALLENGE = enrolmentChallenge(utf8('certificate'));
const passkeys = ([-7, -8, -257] as const).map((algorithm) => createTestPasskey({ algorithm }));
const [es256, eddsa, rs256] = passkeys;
if (!es256 || !eddsa || !rs256) throw new Error('three algorithms');

const judge = (assertion: Assertion, credential: Credential = es256.credential) => {
  const judged = judgeAssertion(credential, CHALLENGE, assertion);
  return judged.ok ? 'accepted' : judged.code;
};

t.test(
  '[USR-12] assertions by all three algorithms are judged, and their checks hold',
  async (t) => {
    for (const passkey of passkeys) {
      const judged = judgeAssertion(passkey.credential, CHALLENGE, passkey.assert(CHALLENGE));
      t.ok(judged.ok && verifyChecks([judged.value]));
    }
  },
);

t.test(
  '[USR-12] an assertion counts only as the credential record in the chain says',
  async (t) => {
    const { assert } = es256;
    const client = (change: Record<string, unknown>) =>
      judge(assert(CHALLENGE, { client: change }));
    t.equal(client({ other_keys_can_be_added_here: 'x' }), 'accepted');
    t.equal(client({ crossOrigin: undefined }), 'accepted');
    t.equal(client({ type: 'webauthn.create' }), 'AUTH_PASSKEY');
    t.equal(client({ challenge: 'AAAA' }), 'AUTH_CHALLENGE');
    t.equal(client({ challenge: undefined }), 'AUTH_CHALLENGE');
    t.equal(client({ origin: 'https://evil.example' }), 'AUTH_PASSKEY');
    t.equal(client({ origin: 'https://pool.example:8443' }), 'AUTH_PASSKEY');
    t.equal(client({ origin: undefined }), 'AUTH_PASSKEY');
    t.equal(client({ crossOrigin: true }), 'AUTH_PASSKEY');
    t.equal(client({ crossOrigin: 'false' }), 'AUTH_PASSKEY');
    t.equal(client({ topOrigin: 'https://pool.example' }), 'AUTH_PASSKEY');
    t.equal(judge(assert(CHALLENGE, { rpId: 'evil.example' })), 'AUTH_PASSKEY');
    for (const clientData of ['', 'null', '[]', '"x"', '{', '\u0000']) {
      t.equal(judge({ ...assert(CHALLENGE), clientData: utf8(clientData) }), 'AUTH_PASSKEY');
    }
  },
);

t.test(
  '[USR-12] presence and verification are required, and a backup implies eligibility',
  async (t) => {
    const flags = (value: number) => judge(es256.assert(CHALLENGE, { flags: value }));
    t.equal(flags(0x05), 'accepted');
    t.equal(flags(0x0d), 'accepted', 'eligible');
    t.equal(flags(0x1d), 'accepted', 'eligible and backed up');
    t.equal(flags(0x01), 'AUTH_PASSKEY', 'not verified');
    t.equal(flags(0x04), 'AUTH_PASSKEY', 'not present');
    t.equal(flags(0x15), 'AUTH_PASSKEY', 'backed up but not eligible');
    t.equal(flags(0x45), 'AUTH_PASSKEY', 'attested data');
    t.equal(flags(0x85), 'AUTH_PASSKEY', 'extensions promised, none there');
    const assertion = es256.assert(CHALLENGE);
    const longer = { ...assertion, authData: concatBytes(assertion.authData, Uint8Array.of(0xa0)) };
    t.equal(judge(longer), 'AUTH_PASSKEY', 'extensions there, none promised');
  },
);

t.test(
  '[USR-12] signatures have one form: strict DER, S below the order, full length',
  async (t) => {
    const der = (text: string) => {
      const sig = fromHex(text.replaceAll(' ', ''));
      if (sig === undefined) throw new Error(text);
      return judge({ ...es256.assert(CHALLENGE), sig });
    };
    t.equal(der('3006 020101 020101'), 'accepted');
    t.equal(der('3008 02020080 02020080'), 'accepted');
    for (const bad of [
      '',
      '30',
      '3006',
      '3106 020101 020101',
      '3007 020101 020101',
      '3006 020101 02010100',
      '308106 020101 020101',
      '3007 02020001 020101',
      '3006 020180 020101',
      '3006 020100 020101',
      '3005 0200 020101',
      '3003 020101',
      `3026 0221${'01'.repeat(33)} 020101`,
      `3027 0222${'01'.repeat(34)} 020101`,
    ]) {
      t.equal(der(bad), 'CHAIN_SIGNATURE', bad);
    }
    const raw = judgeAssertion(es256.credential, CHALLENGE, es256.assert(CHALLENGE));
    t.equal(raw.ok && raw.value.signature.length, 64, 'handed on as r||s');
    const ed = eddsa.assert(CHALLENGE);
    const order = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
    const highS = concatBytes(ed.sig.slice(0, 32), order ?? new Uint8Array(0));
    t.equal(judge({ ...ed, sig: highS }, eddsa.credential), 'CHAIN_SIGNATURE');
    t.equal(judge({ ...ed, sig: ed.sig.slice(1) }, eddsa.credential), 'CHAIN_SIGNATURE');
    const rs = rs256.assert(CHALLENGE);
    t.equal(judge({ ...rs, sig: rs.sig.slice(1) }, rs256.credential), 'CHAIN_SIGNATURE');
  },
);

t.test('[USR-6] a COSE key has one form for each of ES256, EdDSA and RS256', async (t) => {
  t.match(parseCoseKey(es256.credential.key), { ok: true, value: { alg: -7 } });
  t.match(parseCoseKey(eddsa.credential.key), { ok: true, value: { alg: -8 } });
  t.match(parseCoseKey(rs256.credential.key), { ok: true, value: { alg: -257 } });
  t.equal(es256.credential.key.length, 77);
  t.equal(eddsa.credential.key.length, 42);
  t.equal(rs256.credential.key.length, 272);
  for (const { credential } of passkeys) {
    for (const bad of [
      credential.key.slice(1),
      credential.key.slice(0, -1),
      concatBytes(credential.key, Uint8Array.of(0)),
    ]) {
      t.match(parseCoseKey(bad), { ok: false, code: 'CHAIN_MALFORMED' });
    }
  }
  t.notOk(parseCoseKey(flipBit(es256.credential.key, 8 * 60)).ok, 'off the curve');
  const rsa = rs256.credential.key.slice();
  rsa[268] = 0x43;
  rsa[269] = 0;
  t.notOk(parseCoseKey(rsa).ok, 'another exponent');
  holdsForAll(
    t,
    fc.property(upTo(600), (random) => !parseCoseKey(random).ok),
  );
});

t.test('[USR-6] Ed25519 keys of small order or not canonical are refused', async (t) => {
  const head = fromHex('a4010103272006215820') ?? new Uint8Array(0);
  const parse = (hex: string) =>
    parseCoseKey(concatBytes(head, fromHex(hex) ?? new Uint8Array(0))).ok;
  const small = [
    `01${'00'.repeat(31)}`,
    `01${'00'.repeat(30)}80`,
    `ec${'ff'.repeat(30)}7f`,
    `ec${'ff'.repeat(31)}`,
    '00'.repeat(32),
    `${'00'.repeat(31)}80`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  ];
  for (const point of small) t.notOk(parse(point), point);
  for (const point of [`ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`, 'ff'.repeat(32)]) {
    t.notOk(parse(point), `${point} is y >= p`);
  }
});

t.test('[USR-12] random authenticator answers never throw', async (t) => {
  holdsForAll(
    t,
    fc.property(upTo(80), upTo(200), upTo(80), (authData, clientData, sig) => {
      return judge({ authData, clientData, sig }) !== 'accepted';
    }),
  );
  const good = es256.assert(CHALLENGE);
  const flips = (bytes: Bytes) => fc.nat(bytes.length * 8 - 1).map((bit) => flipBit(bytes, bit));
  const changed = fc.oneof(
    flips(good.authData).map((authData) => ({ ...good, authData })),
    flips(good.clientData).map((clientData) => ({ ...good, clientData })),
    flips(good.sig).map((sig) => ({ ...good, sig })),
  );
  holdsForAll(
    t,
    fc.property(changed, (assertion) => {
      const judged = judgeAssertion(es256.credential, CHALLENGE, assertion);
      return !judged.ok || !verifyChecks([judged.value]);
    }),
    { numRuns: 500 },
  );
});

t.test('[WS-5] challenges are hashes that the client builds itself', async (t) => {
  const [nonce, handle] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  t.strictSame(registrationChallenge(nonce, handle), taggedHash('register', nonce, handle));
  t.strictSame(enrolmentChallenge(utf8('x')), taggedHash('enrol', utf8('x')));
});
