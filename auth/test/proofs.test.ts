import {
  type Bytes,
  encodeEnrolment,
  enrolmentChallenge,
  type InviteProof,
  inviteProofBytes,
  type SignatureCheck,
  type SocketProof,
  socketProofBytes,
  type UserState,
} from '@rockpool/protocol';
import {
  createTestDevice,
  createTestKey,
  createTestPerson,
  createTestPool,
  type TestDevice,
  type TestPerson,
  verifyChecks,
} from '@rockpool/protocol/testing';
import fc from 'fast-check';
import t from 'tap';
import {
  type EnrolmentRequest,
  type RelyingParty,
  type Socket,
  verifyEnrolment,
  verifyInviteProof,
  verifySocketProof,
} from '../src/index.ts';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
const DAY = 86_400_000;
const PARTY: RelyingParty = { rpId: 'pool.example', origins: ['https://pool.example'] };

/** Verifies, and counts how many signatures it was asked about. */
function counted() {
  const counter = { checks: 0 };
  const verify = (checks: readonly SignatureCheck[]) => {
    counter.checks += checks.length;
    return verifyChecks(checks);
  };
  return { counter, verify };
}

function enrolment(
  person: TestPerson,
  options: { expiry?: number; device?: TestDevice; signedOver?: Bytes } = {},
): EnrolmentRequest {
  const { expiry = NOW + 9 * MINUTE, device = createTestDevice() } = options;
  const certificate = encodeEnrolment({
    v: 1,
    kind: 'enrol',
    device: device.keys,
    capability: 'full',
    expiry,
  });
  const challenge = enrolmentChallenge(options.signedOver ?? certificate);
  const assertion = person.passkey.assert(challenge);
  const { id: credential } = person.passkey.credential;
  return { certificate, credential, ...assertion, handle: person.handle, nowMs: NOW };
}

async function enrolled(request: EnrolmentRequest, ...users: readonly UserState[]) {
  const { counter, verify } = counted();
  const userByHandle = async (handle: Bytes) =>
    users.find((user) => Buffer.compare(user.handle, handle) === 0);
  const answer = await verifyEnrolment({ party: PARTY, userByHandle, verify }, request);
  return { answer, checks: counter.checks };
}

t.test('[AUTH-3] a sign-in with any bit changed, cut short or made up is refused', async (t) => {
  const person = createTestPerson({ nowMs: NOW });
  const request = enrolment(person);
  const field = fc.constantFrom('certificate', 'credential', 'authData', 'clientData', 'sig');
  const property = fc.asyncProperty(
    field,
    fc.nat(),
    fc.nat(7),
    fc.uint8Array({ maxLength: 300 }),
    async (name, at, bit, random) => {
      const good = request[name];
      const flipped = Uint8Array.from(good);
      flipped[at % good.length] = (flipped[at % good.length] ?? 0) ^ (1 << bit);
      for (const bad of [flipped, good.slice(0, at % good.length), random]) {
        const { answer } = await enrolled({ ...request, [name]: bad }, person.state);
        if (answer.ok) return false;
      }
      return true;
    },
  );
  await fc.assert(property, { numRuns: 60 });
  t.match(await enrolled(request, person.state), { answer: { ok: true } });
});

t.test(
  '[AUTH-3] a passkey that signs an enrolment certificate is shown its own user',
  async (t) => {
    for (const algorithm of [-7, -8, -257] as const) {
      const person = createTestPerson({ nowMs: NOW, algorithm });
      const { answer, checks } = await enrolled(enrolment(person), person.state);
      t.same(answer, { ok: true, value: person.state });
      t.equal(checks, 1);
    }
  },
);

t.test('[AUTH-4] what is wrong with the request itself is said plainly', async (t) => {
  const person = createTestPerson({ nowMs: NOW });
  const codeOf = async (request: EnrolmentRequest) => {
    const { answer } = await enrolled(request, person.state);
    return answer.ok ? 'ok' : answer.code;
  };
  t.equal(await codeOf(enrolment(person, { expiry: NOW })), 'CHAIN_EXPIRED');
  t.equal(await codeOf(enrolment(person, { expiry: NOW + DAY })), 'CHAIN_EXPIRED');
  const garbage = new Uint8Array(20);
  t.equal(await codeOf({ ...enrolment(person), certificate: garbage }), 'CHAIN_MALFORMED');
  t.equal(await codeOf({ ...enrolment(person), clientData: garbage }), 'AUTH_CHALLENGE');
  const foreign = enrolment(createTestPerson({ nowMs: NOW })).certificate;
  t.equal(await codeOf(enrolment(person, { signedOver: foreign })), 'AUTH_CHALLENGE');
  t.equal(await codeOf({ ...enrolment(person), certificate: foreign }), 'AUTH_CHALLENGE');
});

t.test(
  '[AUTH-5] unknown users, unknown passkeys and bad signatures cannot be told apart',
  async (t) => {
    const person = createTestPerson({ nowMs: NOW });
    const stranger = createTestPerson({ nowMs: NOW, algorithm: -8 });
    const good = enrolment(person);
    const flipped = good.sig.slice();
    flipped[flipped.length - 1] = (flipped[flipped.length - 1] ?? 0) ^ 1;
    const requests: readonly EnrolmentRequest[] = [
      enrolment(stranger),
      { ...good, handle: stranger.handle },
      { ...good, handle: new Uint8Array(32) },
      { ...good, credential: new Uint8Array(16) },
      { ...enrolment(stranger), handle: person.handle },
      { ...good, sig: flipped },
      { ...good, sig: new Uint8Array(3) },
      { ...good, authData: new Uint8Array(37) },
    ];
    const expected = { ok: false, code: 'AUTH_PASSKEY', detail: 'the passkey was not accepted' };
    for (const request of requests) {
      t.same(await enrolled(request, person.state), { answer: expected, checks: 1 });
    }
  },
);

const SOCKET: Socket = {
  realm: new Uint8Array(32).fill(1),
  node: new Uint8Array(16).fill(2),
  origin: 'https://pool.example',
  nonce: new Uint8Array(32).fill(3),
};

function socketProof(device: TestDevice, expiry = NOW + MINUTE, socket = SOCKET) {
  const { realm, node, origin, nonce } = socket;
  const proof: SocketProof = { realm, node, origin, nonce, device: device.id, expiry };
  return { device: device.id, expiry, sig: device.sign(socketProofBytes(proof)) };
}

t.test('[AUTH-6] a device of the user is let onto the socket that it signed for', (t) => {
  const person = createTestPerson({ nowMs: NOW });
  const { envelope, device } = person.deviceAdd({ capability: 'temporary' });
  person.append(envelope);
  for (const own of [person.device, device]) {
    const answer = verifySocketProof(SOCKET, socketProof(own), person.state, NOW, verifyChecks);
    t.match(answer, { ok: true, value: { id: own.id } });
  }
  const late = NOW + 2 * DAY;
  const proof = socketProof(device, late + MINUTE);
  const answer = verifySocketProof(SOCKET, proof, person.state, late, verifyChecks);
  t.match(answer, { code: 'AUTH_DEVICE_UNKNOWN' }, 'the temporary device has expired');
  t.end();
});

t.test('[AUTH-6] a proof for another realm, node, page or socket does not count', (t) => {
  const { device, state } = createTestPerson({ nowMs: NOW });
  const others: readonly Socket[] = [
    { ...SOCKET, realm: new Uint8Array(32) },
    { ...SOCKET, node: new Uint8Array(16) },
    { ...SOCKET, origin: 'https://evil.example' },
    { ...SOCKET, nonce: new Uint8Array(32) },
  ];
  for (const other of others) {
    const proof = socketProof(device, NOW + MINUTE, other);
    t.equal(verifySocketProof(SOCKET, proof, state, NOW, verifyChecks).ok, false);
  }
  for (const expiry of [NOW, NOW - 1, NOW + 2 * MINUTE + 1]) {
    const proof = socketProof(device, expiry);
    t.match(verifySocketProof(SOCKET, proof, state, NOW, verifyChecks), { code: 'AUTH_PROOF' });
  }
  t.end();
});

t.test('[AUTH-6] unknown users, unknown devices and bad signatures cannot be told apart', (t) => {
  const { device, state } = createTestPerson({ nowMs: NOW });
  const stranger = createTestDevice();
  const swapped = { ...socketProof(stranger), device: device.id };
  const answers = [
    { proof: socketProof(device), user: undefined },
    { proof: socketProof(stranger), user: state },
    { proof: swapped, user: state },
    { proof: swapped, user: undefined },
  ].map(({ proof, user }) => {
    const { counter, verify } = counted();
    const answer = verifySocketProof(SOCKET, proof, user, NOW, verify);
    return { answer, checks: counter.checks };
  });
  for (const answer of answers) t.same(answer, answers[0]);
  t.match(answers[0], { answer: { ok: false, code: 'AUTH_DEVICE_UNKNOWN' }, checks: 1 });
  t.end();
});

function inviteProof(key: ReturnType<typeof createTestKey>, expiry = NOW + MINUTE) {
  const proof: InviteProof = { ...SOCKET, invite: key.point, expiry };
  return { key: key.point, expiry, sig: key.sign(inviteProofBytes(proof)) };
}

t.test('[AUTH-7] who holds an invite key is told what has become of the invite', (t) => {
  const owner = createTestPerson({ nowMs: NOW });
  const guest = createTestPerson({ nowMs: NOW });
  const pool = createTestPool(owner, { nowMs: NOW });
  const invite = pool.invite(owner);
  pool.append(invite.envelope, owner);
  const prove = (proof: ReturnType<typeof inviteProof>, nowMs = NOW) =>
    verifyInviteProof(SOCKET, proof, pool.state, nowMs, verifyChecks);
  t.match(prove(inviteProof(invite.key)), { ok: true, value: { hash: invite.hash } });
  t.match(prove(inviteProof(invite.key, NOW + 3 * MINUTE)), { code: 'AUTH_PROOF' });
  const late = NOW + 8 * DAY;
  t.match(prove(inviteProof(invite.key, late + MINUTE), late), { code: 'CHAIN_EXPIRED' });
  pool.append(pool.join(guest, invite), guest);
  t.match(prove(inviteProof(invite.key)), { code: 'CHAIN_USED' });
  t.end();
});

t.test('[AUTH-7] without the key, a pool looks like one that does not exist', (t) => {
  const owner = createTestPerson({ nowMs: NOW });
  const pool = createTestPool(owner, { nowMs: NOW });
  const invite = pool.invite(owner);
  pool.append(invite.envelope, owner);
  const stranger = inviteProof(createTestKey());
  const stolen = { ...stranger, key: invite.key.point };
  const answers = [
    { proof: stranger, state: undefined },
    { proof: stranger, state: pool.state },
    { proof: stolen, state: pool.state },
    { proof: inviteProof(invite.key), state: undefined },
  ].map(({ proof, state }) => {
    const { counter, verify } = counted();
    const answer = verifyInviteProof(SOCKET, proof, state, NOW, verify);
    return { answer, checks: counter.checks };
  });
  for (const answer of answers) t.same(answer, answers[0]);
  t.match(answers[0], { answer: { ok: false, code: 'CHAIN_UNKNOWN' }, checks: 1 });
  t.end();
});
