import t from 'tap';
import {
  type Bytes,
  DEVICE_LIFE_MAX_MS,
  deviceId,
  ENROLMENT_LIFE_MAX_MS,
  encodeCbor,
  encodeEnrolment,
  enrolmentChallenge,
  findDevice,
  isDeviceActive,
  type JudgedUser,
  judgeUser,
  linkHash,
  type Result,
  slotOf,
  TEMPORARY_DEVICE_LIFE_MAX_MS,
  taggedHash,
  USER_DEVICES_MAX,
  type UserState,
  userHandle,
  utf8,
} from '../src/index.ts';
import {
  createTestDevice,
  createTestPasskey,
  createTestPerson,
  deviceSignature,
  verifyChecks,
} from '../testing/index.ts';
import { envelopeOf, withEnvelope, withSignature, withStatement } from './forge.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

const code = (result: Result<JudgedUser>) => (result.ok ? 'accepted' : result.code);
const judge = (state: UserState | undefined, envelope: Bytes, timeMs = NOW) =>
  code(judgeUser(state, envelope, timeMs));

/** Accepted, and every signature holds. */
function counts(state: UserState | undefined, envelope: Bytes, timeMs = NOW): boolean {
  const judged = judgeUser(state, envelope, timeMs);
  return judged.ok && verifyChecks(judged.value.checks);
}

const nina = createTestPerson({ nowMs: NOW });

t.test('[USR-2] ids follow from keys and bytes', async (t) => {
  const { state, device, salt, genesis, ref } = nina;
  const link = envelopeOf(genesis).link;
  t.strictSame(device.id, taggedHash('device', device.keys.sign));
  t.strictSame(deviceId(device.keys.sign), device.id);
  t.strictSame(state.handle, taggedHash('handle', device.keys.sign, salt));
  t.strictSame(userHandle(device.keys.sign, salt), state.handle);
  t.strictSame(ref, [slotOf(state.handle), linkHash(link)]);
  t.strictSame(linkHash(link), taggedHash('link', link));
  t.equal(slotOf(Uint8Array.of(1, 2, 3)), 258);
});

t.test('[USR-1] an envelope is exact, known and within its limits', async (t) => {
  const { genesis } = nina;
  t.equal(judge(undefined, withStatement(genesis, { extra: 1 })), 'CHAIN_MALFORMED');
  t.equal(judge(undefined, withStatement(genesis, { salt: undefined })), 'CHAIN_MALFORMED');
  t.equal(judge(undefined, withStatement(genesis, { policy: 2 })), 'CHAIN_MALFORMED');
  t.equal(judge(undefined, withStatement(genesis, { v: 2 })), 'CHAIN_MALFORMED');
  t.equal(judge(undefined, withStatement(genesis, { kind: 'user.close' })), 'CHAIN_UNKNOWN_KIND');
  t.equal(judge(undefined, withStatement(genesis, { kind: 'pool.genesis' })), 'CHAIN_UNKNOWN_KIND');
  t.equal(judge(undefined, withStatement(genesis, { kind: 1 })), 'CHAIN_MALFORMED');
  t.equal(judge(undefined, withEnvelope(genesis, { extra: 1 })), 'CHAIN_MALFORMED');
  t.equal(judge(undefined, withEnvelope(genesis, { sigs: [] })), 'CHAIN_MALFORMED');
  t.equal(judge(undefined, withEnvelope(genesis, { link: utf8('x') })), 'CHAIN_MALFORMED');
  t.equal(judge(undefined, withEnvelope(genesis, { link: encodeCbor([1]) })), 'CHAIN_MALFORMED');
  t.equal(judge(undefined, new Uint8Array(0)), 'CHAIN_MALFORMED');
  t.equal(judge(undefined, new Uint8Array(9000)), 'PROTOCOL_TOO_LARGE');
  t.equal(
    judge(undefined, withEnvelope(genesis, { link: new Uint8Array(4097) })),
    'CHAIN_MALFORMED',
  );
});

t.test('[USR-3] keys that are not points of P-256 are refused', async (t) => {
  const { device } = nina;
  const offCurve = device.keys.ecdh.slice();
  offCurve[40] = (offCurve[40] ?? 0) ^ 1;
  const compressed = device.keys.ecdh.slice();
  compressed[0] = 2;
  const tooBig = new Uint8Array(65).fill(255);
  tooBig[0] = 4;
  for (const ecdh of [offCurve, compressed, tooBig, new Uint8Array(65)]) {
    const keys = { ...device.keys, ecdh };
    t.equal(judge(undefined, withStatement(nina.genesis, { device: keys })), 'CHAIN_MALFORMED');
    const add = nina.deviceAdd({ device: { ...createTestDevice(), keys: { ...keys } } });
    t.equal(judge(nina.state, add.envelope), 'CHAIN_MALFORMED');
  }
});

t.test('[USR-4] a genesis is signed by its own device alone', async (t) => {
  const { genesis, device } = nina;
  t.ok(counts(undefined, genesis));
  const { link, sigs } = envelopeOf(genesis);
  const stranger = createTestDevice();
  const by = (...signed: object[]) => judge(undefined, withEnvelope(genesis, { sigs: signed }));
  t.equal(by(deviceSignature(stranger, link)), 'CHAIN_AUTHORITY');
  t.equal(by({ by: 'invite', sig: new Uint8Array(64) }), 'CHAIN_AUTHORITY');
  t.equal(by(...sigs, ...sigs), 'CHAIN_AUTHORITY');
  const own = device.sign(link);
  t.equal(judge(undefined, withEnvelope(genesis, { own })), 'CHAIN_AUTHORITY');
  const forged = { ...deviceSignature(stranger, link), device: device.id };
  t.notOk(counts(undefined, withEnvelope(genesis, { sigs: [forged] })));
  const recovery = new Uint8Array(32).fill(9);
  const judged = judgeUser(undefined, withStatement(genesis, { recovery }), NOW);
  t.match(judged, { ok: true, value: { state: { recovery } } });
});

t.test('[USR-5] the credential record enters in canonical form only', async (t) => {
  const { credential } = nina.passkey;
  const enter = (change: object) =>
    judge(undefined, withStatement(nina.genesis, { credential: { ...credential, ...change } }));
  for (const origins of [
    ['https://a.example', 'https://b.example:8443'],
    ['http://localhost:8080'],
    ['http://n1.localhost'],
  ]) {
    t.equal(enter({ origins }), 'accepted', origins.join());
  }
  for (const origins of [
    [],
    ['https://b.example', 'https://a.example'],
    ['https://a.example', 'https://a.example'],
    ['https://a.example/'],
    ['https://a.example:443'],
    ['https://a.example:0'],
    ['https://a.example:65536'],
    ['https://A.example'],
    ['http://a.example'],
    ['https://a.example@b.example'],
    ['https://[::1]'],
    ['ftp://a.example'],
    ['null'],
    Array.from({ length: 9 }, (_, i) => `https://a${i}.example`),
  ]) {
    t.equal(enter({ origins }), 'CHAIN_MALFORMED', origins.join());
  }
  for (const rpId of [
    '',
    'A.example',
    'a..example',
    '-a.example',
    'a.example.',
    'https://a',
    'a:1',
  ]) {
    t.equal(enter({ rpId }), 'CHAIN_MALFORMED', rpId);
  }
  t.equal(enter({ key: utf8('not a key') }), 'CHAIN_MALFORMED');
  t.equal(enter({ id: new Uint8Array(0) }), 'CHAIN_MALFORMED');
});

t.test('[USR-7] a link continues the chain by seq and previous hash, or conflicts', async (t) => {
  const { envelope } = nina.deviceAdd();
  t.equal(judge(nina.state, nina.genesis), 'CHAIN_CONFLICT');
  t.equal(judge(undefined, envelope), 'CHAIN_UNKNOWN');
  for (const change of [{ seq: 0 }, { seq: 2 }, { prev: new Uint8Array(32) }]) {
    t.equal(judge(nina.state, withStatement(envelope, change)), 'CHAIN_CONFLICT');
  }
  const [slot, id] = nina.ref;
  t.equal(judge(nina.state, withStatement(envelope, { user: [slot ^ 1, id] })), 'CHAIN_MALFORMED');
  const other = createTestPerson({ nowMs: NOW });
  t.equal(judge(other.state, envelope), 'CHAIN_MALFORMED', 'from another chain');
});

t.test('[USR-8] expiry is judged by log time, which never goes back along a chain', async (t) => {
  const genesisAt = (expiry: number) => judge(undefined, withStatement(nina.genesis, { expiry }));
  t.equal(genesisAt(NOW + DEVICE_LIFE_MAX_MS), 'accepted');
  t.equal(genesisAt(NOW + DEVICE_LIFE_MAX_MS + 1), 'CHAIN_MALFORMED');
  t.equal(genesisAt(NOW), 'CHAIN_EXPIRED');
  const add = (expiry: number, capability: 'full' | 'temporary') =>
    judge(nina.state, nina.deviceAdd({ expiry, capability }).envelope);
  t.equal(add(NOW + DEVICE_LIFE_MAX_MS, 'full'), 'accepted');
  t.equal(add(NOW + DEVICE_LIFE_MAX_MS + 1, 'full'), 'CHAIN_MALFORMED');
  t.equal(add(NOW + TEMPORARY_DEVICE_LIFE_MAX_MS, 'temporary'), 'accepted');
  t.equal(add(NOW + TEMPORARY_DEVICE_LIFE_MAX_MS + 1, 'temporary'), 'CHAIN_MALFORMED');
  t.equal(add(NOW, 'full'), 'CHAIN_EXPIRED');
  const person = createTestPerson({ nowMs: NOW });
  person.append(person.deviceAdd({ nowMs: NOW + HOUR }).envelope, NOW + HOUR);
  const stale = person.deviceAdd({ nowMs: NOW, expiry: NOW + 2 * HOUR });
  t.equal(
    judge(person.state, stale.envelope, NOW),
    'CHAIN_EXPIRED',
    'time set back for an old certificate',
  );
});

t.test('[USR-9] a new device signs the link itself', async (t) => {
  const { envelope, device } = nina.deviceAdd();
  t.ok(counts(nina.state, envelope));
  t.equal(judge(nina.state, withEnvelope(envelope, { own: undefined })), 'CHAIN_MALFORMED');
  const { link } = envelopeOf(envelope);
  const untagged = withEnvelope(envelope, { own: device.sign(link) });
  t.equal(judge(nina.state, untagged), 'accepted');
  t.notOk(counts(nina.state, untagged), 'a signature without the tag does not hold');
});

t.test('[USR-10] a passkey or a full device adds a device, and nobody else', async (t) => {
  const person = createTestPerson({ nowMs: NOW });
  const full = person.deviceAdd({ by: person.device });
  t.ok(counts(person.state, full.envelope));
  person.append(full.envelope);
  const temporary = person.deviceAdd({ capability: 'temporary' });
  person.append(temporary.envelope);
  const thief = createTestDevice();
  const by = (device: typeof thief, timeMs = NOW) => {
    const { envelope } = person.deviceAdd({ by: device, device: thief, nowMs: timeMs });
    return judge(person.state, envelope, timeMs);
  };
  t.equal(by(full.device), 'accepted');
  t.equal(by(thief), 'CHAIN_AUTHORITY', 'signed by itself');
  t.equal(by(createTestDevice()), 'CHAIN_AUTHORITY', 'signed by a stranger');
  t.equal(by(temporary.device), 'CHAIN_AUTHORITY', 'signed by a temporary device');
  t.equal(
    by(full.device, NOW + DEVICE_LIFE_MAX_MS),
    'CHAIN_EXPIRED',
    'signed by an expired device',
  );
  const { envelope } = person.deviceAdd({ by: full.device });
  const { link, sigs } = envelopeOf(envelope);
  const signed = (...changed: object[]) =>
    judge(person.state, withEnvelope(envelope, { sigs: changed }));
  t.equal(signed({ by: 'invite', sig: new Uint8Array(64) }), 'CHAIN_AUTHORITY');
  t.equal(signed(...sigs, ...sigs), 'CHAIN_AUTHORITY');
  const recovery = { by: 'recovery', key: person.device.keys.sign, sig: new Uint8Array(64) };
  t.equal(signed(recovery), 'CHAIN_AUTHORITY');
  const forged = { ...deviceSignature(thief, link), device: person.device.id };
  t.notOk(counts(person.state, withEnvelope(envelope, { sigs: [forged] })), 'another key');
});

t.test(
  '[USR-10] under policy 1 a new device needs passkey and full device, in this order',
  async (t) => {
    const person = createTestPerson({ nowMs: NOW, policy: 1 });
    const both = person.deviceAdd({ by: 'passkey+device' }).envelope;
    t.ok(counts(person.state, both));
    t.equal(judge(person.state, person.deviceAdd({ by: 'passkey' }).envelope), 'CHAIN_AUTHORITY');
    t.equal(
      judge(person.state, person.deviceAdd({ by: person.device }).envelope),
      'CHAIN_AUTHORITY',
    );
    const sigs = [...envelopeOf(both).sigs].reverse();
    t.equal(judge(person.state, withEnvelope(both, { sigs })), 'CHAIN_AUTHORITY');
    const needless = nina.deviceAdd({ by: 'passkey+device' }).envelope;
    t.equal(judge(nina.state, needless), 'CHAIN_AUTHORITY', 'policy 0 takes one');
  },
);

t.test(
  '[USR-11] a passkey signs a certificate for exactly this device, within ten minutes',
  async (t) => {
    const { state } = nina;
    const mine = nina.deviceAdd().envelope;
    const theirs = nina.deviceAdd().envelope;
    const [assertion] = envelopeOf(theirs).sigs;
    t.equal(judge(state, withEnvelope(mine, { sigs: [assertion] })), 'CHAIN_AUTHORITY', 'reused');
    const enrol = envelopeOf(theirs).sigs[0];
    const other =
      enrol?.by === 'passkey' && enrol.enrol ? enrolmentChallenge(enrol.enrol) : undefined;
    const swapped = withStatement(withEnvelope(mine, { sigs: [assertion] }), { enrol: other });
    t.equal(judge(state, swapped), 'CHAIN_AUTHORITY', 'a certificate for another device');
    const raised = nina.deviceAdd({ capability: 'temporary' }).envelope;
    const change = { capability: 'full' };
    t.equal(judge(state, withStatement(raised, change)), 'CHAIN_AUTHORITY', 'raised to full');
    const late = (certificateExpiry: number) =>
      judge(state, nina.deviceAdd({ certificateExpiry }).envelope);
    t.equal(late(NOW + ENROLMENT_LIFE_MAX_MS), 'accepted');
    t.equal(late(NOW + ENROLMENT_LIFE_MAX_MS + 1), 'CHAIN_MALFORMED');
    t.equal(late(NOW), 'CHAIN_EXPIRED');
    t.equal(judge(state, withStatement(mine, { enrol: undefined })), 'CHAIN_MALFORMED');
    t.equal(judge(state, withSignature(mine, { enrol: undefined })), 'CHAIN_MALFORMED');
    t.equal(judge(state, withSignature(mine, { enrol: utf8('x') })), 'CHAIN_MALFORMED');
    const byDevice = nina.deviceAdd({ by: nina.device }).envelope;
    t.equal(judge(state, withStatement(byDevice, { enrol: other })), 'CHAIN_MALFORMED');
  },
);

t.test('[USR-11] an assertion over any other challenge enrols nobody', async (t) => {
  const { state, passkey } = nina;
  const { envelope, device } = nina.deviceAdd();
  const certificate = encodeEnrolment({
    v: 1,
    kind: 'enrol',
    device: device.keys,
    capability: 'full',
    expiry: NOW + HOUR / 10,
  });
  const challenge = enrolmentChallenge(certificate);
  for (const wrong of [
    linkHash(certificate),
    taggedHash('register', certificate),
    new Uint8Array(32),
  ]) {
    const assertion = passkey.assert(wrong);
    t.equal(judge(state, withSignature(envelope, { ...assertion })), 'AUTH_CHALLENGE');
  }
  const stranger = createTestPasskey();
  const signed = { ...stranger.assert(challenge), credential: stranger.credential.id };
  t.equal(judge(state, withSignature(envelope, signed)), 'CHAIN_AUTHORITY', 'an unlisted passkey');
  const pretending = { ...signed, credential: passkey.credential.id };
  const other = withSignature(withStatement(envelope, { enrol: challenge }), {
    ...pretending,
    enrol: certificate,
  });
  t.equal(judge(state, other), 'accepted');
  t.notOk(counts(state, other), 'its signature does not hold for the listed key');
});

t.test('[USR-13] a device id is added once and never returns', async (t) => {
  const person = createTestPerson({ nowMs: NOW });
  const { envelope, device } = person.deviceAdd({ capability: 'temporary' });
  person.append(envelope);
  const later = NOW + 2 * TEMPORARY_DEVICE_LIFE_MAX_MS;
  const again = person.deviceAdd({ device, nowMs: later });
  t.equal(judge(person.state, again.envelope, later), 'CHAIN_USED', 'expired or not');
  const first = person.deviceAdd({ device: person.device });
  t.equal(judge(person.state, first.envelope), 'CHAIN_USED');
  const entry = findDevice(person.state, device.id);
  t.ok(entry && isDeviceActive(entry, NOW) && !isDeviceActive(entry, later));
  t.equal(findDevice(person.state, new Uint8Array(32)), undefined);
});

t.test('[USR-14] at most 32 devices; expired temporary ones do not count', async (t) => {
  const person = createTestPerson({ nowMs: NOW });
  for (let i = 1; i < USER_DEVICES_MAX; i++) {
    person.append(person.deviceAdd({ by: person.device, capability: 'temporary' }).envelope);
  }
  t.equal(judge(person.state, person.deviceAdd().envelope), 'CHAIN_QUOTA');
  const later = NOW + TEMPORARY_DEVICE_LIFE_MAX_MS;
  t.equal(judge(person.state, person.deviceAdd({ nowMs: later }).envelope, later), 'accepted');
});

t.test('[USR-14] a chain is full at 4096 links or 4 MiB', async (t) => {
  const { envelope } = nina.deviceAdd();
  const full = { ...nina.state, chainBytes: 4 * 1024 * 1024 };
  t.equal(judge(full, envelope), 'CHAIN_QUOTA');
  const long = { ...nina.state, seq: 4096 };
  t.equal(judge(long, withStatement(envelope, { seq: 4097 })), 'CHAIN_QUOTA');
});

t.test('[USR-15] a link is the same link whatever signature it carries', async (t) => {
  const { envelope } = nina.deviceAdd({ by: nina.device });
  const { link } = envelopeOf(envelope);
  const resigned = withEnvelope(envelope, { sigs: [deviceSignature(nina.device, link)] });
  t.notSame(resigned, envelope);
  const hashes = [envelope, resigned].map((bytes) => {
    const judged = judgeUser(nina.state, bytes, NOW);
    return judged.ok ? judged.value.hash : undefined;
  });
  t.strictSame(hashes[0], hashes[1]);
  t.strictSame(hashes[0], linkHash(link));
});
