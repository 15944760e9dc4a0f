import { sign } from 'node:crypto';
import {
  admitInput,
  type Bytes,
  concatBytes,
  encodeCbor,
  encodeEnvelope,
  type PoolState,
  peekUserStatement,
  type Ref,
  registrationChallenge,
  sha256Bytes,
  signInput,
  toBase64url,
  toHex,
  userHandle,
  utf8,
} from '@rockpool/protocol';
import {
  createTestDevice,
  createTestKey,
  createTestPerson,
  createTestPool,
  deviceSignature,
  type TestPerson,
  verifyChecks,
} from '@rockpool/protocol/testing';
import fc from 'fast-check';
import t from 'tap';
import {
  type AdmissionRequest,
  type FirstAdmin,
  firstAdminTokenHash,
  judgeAdmission,
  type RegistrationRequest,
  type RelyingParty,
  verifyRegistration,
} from '../src/index.ts';

const NOW = 1_800_000_000_000;
const ORIGIN = 'https://pool.example';
const PARTY: RelyingParty = { rpId: 'pool.example', origins: [ORIGIN] };
const NONCE = new Uint8Array(32).fill(5);

function requestOf(person: TestPerson, nonce = NONCE): RegistrationRequest {
  const challenge = registrationChallenge(nonce, person.handle);
  const { attestationObject, clientDataJSON } = person.passkey.register(challenge);
  return {
    genesis: person.genesis,
    attestation: attestationObject,
    clientData: clientDataJSON,
    nonce: NONCE,
    origin: ORIGIN,
    nowMs: NOW,
  };
}

function withClientData(request: RegistrationRequest, more: object): RegistrationRequest {
  const data = JSON.parse(new TextDecoder().decode(request.clientData));
  const clientData = new TextEncoder().encode(JSON.stringify({ ...data, ...more }));
  return { ...request, clientData };
}

async function codeOf(request: RegistrationRequest, party = PARTY): Promise<string> {
  const verified = await verifyRegistration(party, verifyChecks, request);
  return verified.ok ? 'ok' : verified.code;
}

t.test('[AUTH-2] a new account is let in with a passkey of each algorithm', async (t) => {
  for (const algorithm of [-7, -8, -257] as const) {
    const person = createTestPerson({ nowMs: NOW, algorithm });
    const verified = await verifyRegistration(PARTY, verifyChecks, requestOf(person));
    t.same(verified, { ok: true, value: person.state });
  }
});

t.test('[AUTH-2] a response for another nonce, handle or ceremony is refused', async (t) => {
  const person = createTestPerson({ nowMs: NOW });
  const other = createTestPerson({ nowMs: NOW });
  const request = requestOf(person);
  t.equal(await codeOf(requestOf(person, new Uint8Array(32))), 'AUTH_PASSKEY', 'nonce');
  t.equal(await codeOf({ ...request, genesis: other.genesis }), 'AUTH_PASSKEY', 'handle');
  t.equal(await codeOf(withClientData(request, { type: 'webauthn.get' })), 'AUTH_PASSKEY');
  t.equal(await codeOf({ ...request, clientData: new Uint8Array(4) }), 'AUTH_PASSKEY');
  t.equal(await codeOf({ ...request, attestation: new Uint8Array(4) }), 'AUTH_PASSKEY');
});

t.test('[AUTH-2] a response made elsewhere, or inside another page, is refused', async (t) => {
  const request = requestOf(createTestPerson({ nowMs: NOW }));
  t.equal(
    await codeOf(withClientData(request, { origin: 'https://evil.example' })),
    'AUTH_PASSKEY',
  );
  t.equal(await codeOf(withClientData(request, { crossOrigin: true })), 'AUTH_PASSKEY');
  t.equal(await codeOf(withClientData(request, { topOrigin: ORIGIN })), 'AUTH_PASSKEY');
  t.equal(
    await codeOf({ ...request, origin: 'https://evil.example' }),
    'AUTH_PASSKEY',
    'not listed',
  );
  const sister = 'https://sister.pool.example';
  const moved = { ...requestOf(createTestPerson({ nowMs: NOW, origin: sister })), origin: sister };
  t.equal(await codeOf(moved), 'AUTH_PASSKEY', 'listed in the genesis but not here');
  t.equal(await codeOf(moved, { ...PARTY, origins: [sister] }), 'ok');
  const wider = { ...PARTY, origins: [ORIGIN, 'https://evil.example'] };
  const evil = { ...withClientData(request, { origin: 'https://evil.example' }) };
  const fromEvil = { ...evil, origin: 'https://evil.example' };
  t.equal(await codeOf(fromEvil, wider), 'AUTH_PASSKEY', 'listed here but not in the genesis');
  t.equal(await codeOf(request, { ...PARTY, rpId: 'other.example' }), 'AUTH_PASSKEY');
  const foreign = requestOf(createTestPerson({ nowMs: NOW, rpId: 'other.example' }));
  const attestation = Buffer.from(foreign.attestation);
  attestation.set(
    sha256Bytes(utf8(PARTY.rpId)),
    attestation.indexOf(sha256Bytes(utf8('other.example'))),
  );
  t.equal(await codeOf({ ...foreign, attestation }), 'AUTH_PASSKEY', 'the genesis names another');
});

t.test(
  '[AUTH-2] user presence and verification must be set, attestation must be none',
  async (t) => {
    const request = requestOf(createTestPerson({ nowMs: NOW }));
    const flagsAt = toHex(request.attestation).indexOf('4500000000') / 2;
    const withFlags = (flags: number): RegistrationRequest => {
      const attestation = request.attestation.slice();
      attestation[flagsAt] = flags;
      return { ...request, attestation };
    };
    t.equal(await codeOf(withFlags(0x45)), 'ok');
    t.equal(await codeOf(withFlags(0x41)), 'AUTH_PASSKEY', 'not verified');
    t.equal(await codeOf(withFlags(0x44)), 'AUTH_PASSKEY', 'not present');
    t.equal(await codeOf(selfAttested('none')), 'ok');
    t.equal(await codeOf(selfAttested('packed')), 'AUTH_PASSKEY');
  },
);

/** A registration that would verify in both formats (W3C WebAuthn section 8.2, self attestation). */
function selfAttested(fmt: 'none' | 'packed'): RegistrationRequest {
  const device = createTestDevice();
  const key = createTestKey();
  const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
  const [x, y] = [key.point.slice(1, 33), key.point.slice(33)];
  const cose = concatBytes(hex('a5010203262001215820'), x, hex('225820'), y);
  const id = new Uint8Array(16).fill(6);
  const salt = new Uint8Array(16);
  const credential = { id, key: cose, rpId: PARTY.rpId, origins: [ORIGIN] };
  const expiry = NOW + 86_400_000;
  const link = encodeCbor({
    v: 1,
    kind: 'user.genesis',
    salt,
    credential,
    device: device.keys,
    expiry,
    policy: 0,
  });
  const challenge = registrationChallenge(NONCE, userHandle(device.keys.sign, salt));
  const client = { type: 'webauthn.create', challenge: toBase64url(challenge), origin: ORIGIN };
  const clientData = utf8(JSON.stringify(client));
  const head = concatBytes(sha256Bytes(utf8(PARTY.rpId)), hex('4500000000'), new Uint8Array(16));
  const authData = concatBytes(head, Uint8Array.of(0, id.length), id, cose);
  const signed = concatBytes(authData, sha256Bytes(clientData));
  const attStmt =
    fmt === 'none' ? {} : { alg: -7, sig: new Uint8Array(sign('sha256', signed, key.privateKey)) };
  return {
    genesis: encodeEnvelope({ v: 1, link, sigs: [deviceSignature(device, link)] }),
    attestation: encodeCbor({ fmt, attStmt, authData }),
    clientData,
    nonce: NONCE,
    origin: ORIGIN,
    nowMs: NOW,
  };
}

t.test('[AUTH-2] credential id and key must be those that the genesis commits to', async (t) => {
  const person = createTestPerson({ nowMs: NOW });
  const request = requestOf(person);
  const { id, key } = person.passkey.credential;
  const another = createTestPerson({ nowMs: NOW }).passkey.credential.key;
  const attestation = Buffer.from(request.attestation);
  another.forEach((byte, i) => {
    attestation[request.attestation.length - key.length + i] = byte;
  });
  t.equal(await codeOf({ ...request, attestation }), 'AUTH_PASSKEY', 'another key');
  const without = (bytes: Bytes): RegistrationRequest => {
    const attestation = request.attestation.slice();
    const at = Buffer.from(attestation).indexOf(bytes) + bytes.length - 1;
    attestation[at] = (attestation[at] ?? 0) ^ 1;
    return { ...request, attestation };
  };
  t.equal(await codeOf(without(id)), 'AUTH_PASSKEY');
});

t.test('a genesis that the chain refuses never reaches the passkey checks', async (t) => {
  const person = createTestPerson({ nowMs: NOW });
  const request = requestOf(person);
  const opened = peekUserStatement(person.genesis);
  if (!opened.ok) throw new Error(opened.code);
  const { link } = opened.value.envelope;
  const sig = createTestDevice().sign(signInput('stmt', link));
  const sigs = [{ by: 'device', device: person.device.id, sig } as const];
  const forged = encodeEnvelope({ v: 1, link, sigs });
  t.equal(await codeOf({ ...request, genesis: forged }), 'CHAIN_SIGNATURE');
  t.equal(await codeOf({ ...request, genesis: new Uint8Array(3) }), 'CHAIN_MALFORMED');
  t.equal(await codeOf({ ...request, nowMs: NOW + 365 * 86_400_000 }), 'CHAIN_EXPIRED');
  t.not(await codeOf({ ...request, genesis: person.deviceAdd().envelope }), 'ok');
});

const REALM = new Uint8Array(32).fill(9);
const TOKEN = new Uint8Array(32).fill(3);

function admission(ports: { first?: FirstAdmin; pool?: PoolState }) {
  return async (request: Partial<AdmissionRequest> & Pick<AdmissionRequest, 'user'>) =>
    judgeAdmission(
      {
        firstAdmin: async () => ports.first,
        poolState: async () => ports.pool,
        verify: verifyChecks,
      },
      { realm: REALM, nowMs: NOW, ...request },
    );
}

const REFUSED = { ok: false, code: 'AUTH_ADMISSION', detail: 'no valid admission' };

t.test(
  '[AUTH-2] no bytes from an authenticator make it throw, and cut ones are refused',
  async (t) => {
    const request = requestOf(createTestPerson({ nowMs: NOW }));
    const field = fc.constantFrom('attestation', 'clientData', 'genesis');
    const random = fc.uint8Array({ maxLength: 300 });
    const cut = fc.asyncProperty(field, fc.nat(), random, async (name, at, bytes) => {
      const shorter = request[name].slice(0, at % request[name].length);
      const codes = [
        await codeOf({ ...request, [name]: shorter }),
        await codeOf({ ...request, [name]: bytes }),
      ];
      return !codes.includes('ok');
    });
    await fc.assert(cut, { numRuns: 60 });
    const flipped = fc.asyncProperty(field, fc.nat(), fc.nat(7), async (name, at, bit) => {
      const changed = Uint8Array.from(request[name]);
      changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ (1 << bit);
      const code = await codeOf({ ...request, [name]: changed });
      // Without attestation only the genesis is signed: an authenticator's model is its own word.
      return code !== 'ok' || name !== 'genesis';
    });
    await fc.assert(flipped, { numRuns: 60 });
    t.equal(await codeOf(request), 'ok');
  },
);

t.test('[AUTH-8] the first-admin token admits one user within its time', async (t) => {
  const { state: user } = createTestPerson({ nowMs: NOW });
  const { ref: rival } = createTestPerson({ nowMs: NOW });
  const tokenHash = firstAdminTokenHash(TOKEN);
  const first: FirstAdmin = { tokenHash, expiry: NOW + 1 };
  const admitted = { ok: true, value: { by: 'admin', tokenHash } };
  const token = TOKEN;
  t.same(await admission({ first })({ user, token }), admitted);
  t.same(await admission({})({ user, token }), REFUSED, 'no link');
  t.same(await admission({ first })({ user, token: new Uint8Array(32) }), REFUSED, 'wrong');
  t.same(await admission({ first })({ user, token, nowMs: NOW + 1 }), REFUSED, 'expired');
  const claimed = (by: Ref) => admission({ first: { ...first, claimed: by } });
  t.same(await claimed(rival)({ user, token }), REFUSED, 'used');
  t.same(await claimed(user.ref)({ user, token, nowMs: NOW + 9 }), admitted, 'repeated');
  t.same(await admission({ first })({ user }), REFUSED, 'nothing shown');
  t.notSame(tokenHash, TOKEN);
});

t.test('[AUTH-8] an invite that still works admits whom its key signed for', async (t) => {
  const owner = createTestPerson({ nowMs: NOW });
  const guest = createTestPerson({ nowMs: NOW });
  const pool = createTestPool(owner, { nowMs: NOW });
  const invite = pool.invite(owner);
  pool.append(invite.envelope, owner);
  const open = pool.state;
  const signed = (realm: Bytes, handle: Bytes, key = invite.key) => ({
    pool: pool.ref,
    key: key.point,
    sig: key.sign(admitInput(realm, handle)),
  });
  const user = guest.state;
  const good = signed(REALM, guest.handle);
  const ask = admission({ pool: open });
  t.same(await ask({ user, admission: good }), { ok: true, value: { by: 'pool', pool: pool.ref } });
  t.same(await admission({})({ user, admission: good }), REFUSED, 'no such pool');
  t.same(await ask({ user: owner.state, admission: good }), REFUSED, 'signed for another user');
  t.same(await ask({ user, admission: signed(NONCE, guest.handle) }), REFUSED, 'another realm');
  const unknown = signed(REALM, guest.handle, createTestKey());
  t.same(await ask({ user, admission: unknown }), REFUSED, 'another key');
  const late = NOW + 8 * 86_400_000;
  t.same(await ask({ user, admission: good, nowMs: late }), REFUSED, 'expired');
  pool.append(pool.join(guest, invite), guest);
  t.same(await admission({ pool: pool.state })({ user, admission: good }), REFUSED, 'used');
});
