// The examples of docs/protocol/vectors.md, which another implementation is checked against: each value is
// computed here from the inputs that the page names. Signatures are random, so those are read and verified.
import { createECDH } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  admitInput,
  type Bytes,
  bindingSignInput,
  concatBytes,
  descriptionSignInput,
  deviceId,
  encodeBlockFrame,
  encodeCbor,
  encodeEnrolment,
  encodeEnvelope,
  encodeInviteLink,
  encodeMeetingLink,
  encodeRecordHeader,
  enrolmentChallenge,
  fromHex,
  inviteProofBytes,
  judgePool,
  judgeUser,
  leafInput,
  linkHash,
  meetingCode,
  meetingCommit,
  meetingDigits,
  meetingMac,
  merkleTree,
  NO_RECORD,
  poolRef,
  recordContent,
  recordLink,
  recordSignInput,
  registrationChallenge,
  sha256Bytes,
  signInput,
  socketProofBytes,
  toBase64url,
  toHex,
  userHandle,
  userRef,
  utf8,
} from '../src/index.ts';
import { verifyChecks } from '../testing/index.ts';

const page = readFileSync(
  join(import.meta.dirname, '..', '..', 'docs', 'protocol', 'vectors.md'),
  'utf8',
);
const written = new Map(
  [...page.matchAll(/^([a-z0-9 ]+): (\S*)$/gm)].map(([, name = '', value = '']) => [name, value]),
);

const repeat = (byte: number, length: number): Bytes => new Uint8Array(length).fill(byte);
const pointOf = (privateByte: number): Bytes => {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(repeat(privateByte, 32));
  return new Uint8Array(ecdh.getPublicKey());
};
const signature = (name: string): Bytes => fromHex(written.get(name) ?? '') ?? new Uint8Array(64);

const LOG_TIME = 1_800_000_000_000;
const EXPIRY = LOG_TIME + 86_400_000;
const REALM = repeat(0xaa, 32);
const NODE = repeat(0xab, 16);
const NONCE = repeat(0xac, 32);
const ORIGIN = 'http://localhost:8080';

const v = 1 as const;
const device = { sign: pointOf(0x11), ecdh: pointOf(0x22), kind: 'browser' as const };
const passkey = pointOf(0x33);
const inviteKey = pointOf(0x44);
const second = { sign: pointOf(0x55), ecdh: pointOf(0x66), kind: 'phone' as const };
const [id, secondId] = [deviceId(device.sign), deviceId(second.sign)];

function chains() {
  const salt = repeat(0x01, 16);
  const handle = userHandle(device.sign, salt);
  const coseKey = concatBytes(
    fromHex('a5010203262001215820') ?? new Uint8Array(),
    passkey.subarray(1, 33),
    fromHex('225820') ?? new Uint8Array(),
    passkey.subarray(33),
  );
  const credential = { id: repeat(0x02, 16), key: coseKey, rpId: 'localhost', origins: [ORIGIN] };
  const genesis = encodeCbor({
    v,
    kind: 'user.genesis',
    salt,
    credential,
    device,
    expiry: EXPIRY,
    policy: 0,
  });
  const user = userRef(handle, linkHash(genesis));
  const author = { user, head: [0, user[1]], device: id };
  const poolGenesis = encodeCbor({ v, kind: 'pool.genesis', salt: repeat(0x03, 16), author });
  const pool = poolRef(linkHash(poolGenesis));
  const invite = encodeCbor({
    v,
    kind: 'pool.invite',
    pool,
    seq: 1,
    prev: pool[1],
    time: LOG_TIME,
    author,
    key: inviteKey,
    role: 'member',
    uses: 1,
    expiry: EXPIRY,
    approval: 0,
  });
  const certificate = encodeEnrolment({
    v,
    kind: 'enrol',
    device: second,
    capability: 'full',
    expiry: LOG_TIME + 540_000,
  });
  return { salt, handle, coseKey, genesis, user, author, poolGenesis, pool, invite, certificate };
}

const made = chains();
const { handle, user, pool } = made;

function envelopes() {
  const by = (name: string) => [{ by: 'device' as const, device: id, sig: signature(name) }];
  return {
    genesis: encodeEnvelope({ v, link: made.genesis, sigs: by('user genesis signature') }),
    pool: encodeEnvelope({ v, link: made.poolGenesis, sigs: by('pool genesis signature') }),
  };
}

function proofs(): Record<string, string> {
  const shared = { realm: REALM, node: NODE, origin: ORIGIN, nonce: NONCE, expiry: LOG_TIME };
  const description = {
    type: 'description' as const,
    pool: pool[1],
    from: id,
    to: secondId,
    connection: repeat(0x04, 16),
    role: 'offer' as const,
    sdp: utf8('v=0\r\n'),
    time: LOG_TIME,
  };
  const binding = {
    pool: pool[1],
    from: id,
    to: secondId,
    connection: repeat(0x04, 16),
    offer: sha256Bytes(utf8('v=0\r\n')),
    answer: repeat(0x05, 32),
    poolHead: [0, pool[1]] as const,
  };
  return {
    'create challenge': toBase64url(registrationChallenge(NONCE, handle)),
    'enrolment certificate': toHex(made.certificate),
    'get challenge': toBase64url(enrolmentChallenge(made.certificate)),
    'socket proof': toHex(socketProofBytes({ ...shared, device: id })),
    'invite proof': toHex(inviteProofBytes({ ...shared, invite: inviteKey })),
    admission: toHex(admitInput(REALM, handle)),
    'signal body': toHex(
      encodeCbor({ type: 'restart', pool: pool[1], connection: new Uint8Array(16) }),
    ),
    'description input': toHex(descriptionSignInput(description)),
    'hello input': toHex(bindingSignInput(binding)),
  };
}

function records(): Record<string, string> {
  const body = encodeCbor({ v, text: 'hello' });
  const salt = repeat(0x06, 32);
  const header = encodeRecordHeader({
    pool: pool[1],
    device: id,
    incarnation: repeat(0x07, 16),
    seq: 0,
    previous: NO_RECORD,
    ms: LOG_TIME,
    counter: 0,
    poolSeq: 0,
    poolHead: pool[1],
    kind: 'text',
    content: recordContent(salt, body),
  });
  const leaves = [0x61, 0x62, 0x63].map((byte) => sha256Bytes(leafInput(Uint8Array.of(byte))));
  const tree = merkleTree(leaves);
  return {
    'text body': toHex(body),
    'record content': toHex(recordContent(salt, body)),
    'record header': toHex(header),
    'record input': toHex(recordSignInput(header)),
    'record id': toHex(recordLink(header)),
    'merkle root': toHex(tree.root),
    'merkle proof of c': toHex(concatBytes(...tree.proof(2))),
    'empty file': toHex(merkleTree([]).root),
    'block frame': toHex(encodeBlockFrame({ transfer: 7, offset: 61440, payload: utf8('abc') })),
  };
}

function meetings(): Record<string, string> {
  const announcement = { device: second, nonce: repeat(0x08, 32) };
  const commit = meetingCommit(announcement);
  const introduction = { user, head: [0, user[1]] as const, device: id, nonce: repeat(0x09, 32) };
  const begun = { realm: REALM, commit, introduction };
  const secret = repeat(0x0a, 32);
  const code = meetingCode(NODE, Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  return {
    'meeting code': code,
    'meeting commit': toHex(commit),
    'meeting mac': toHex(meetingMac(secret, begun)),
    'meeting digits': meetingDigits(begun, announcement),
    'new device fragment': encodeMeetingLink({ v, realm: REALM, code, commit, secret }),
  };
}

function computed(): Record<string, string> {
  const link = { v, realm: REALM, pool, priv: repeat(0x44, 32), pub: inviteKey };
  return {
    'device id': toHex(id),
    'target device id': toHex(secondId),
    handle: toHex(handle),
    'user slot': String(user[0]),
    'cose key': toHex(made.coseKey),
    'user genesis': toHex(made.genesis),
    'user id': toHex(user[1]),
    'user genesis envelope': toHex(envelopes().genesis),
    'pool genesis': toHex(made.poolGenesis),
    'pool id': toHex(pool[1]),
    'pool slot': String(pool[0]),
    'pool invite': toHex(made.invite),
    'invite hash': toHex(linkHash(made.invite)),
    'invite fragment': encodeInviteLink(link),
    ...proofs(),
    ...meetings(),
    ...records(),
  };
}

t.test('the examples of the protocol are what this implementation makes', async (t) => {
  for (const [name, value] of Object.entries(computed())) {
    t.equal(written.get(name), value, name);
  }
  const signed = ['user genesis signature', 'pool genesis signature', 'signal sealed'];
  t.same(
    [...written.keys()].filter((name) => !signed.includes(name)).sort(),
    Object.keys(computed()).sort(),
  );
});

t.test('the signatures of the examples hold', async (t) => {
  const userLink = judgeUser(undefined, envelopes().genesis, LOG_TIME);
  if (!userLink.ok) throw new Error(userLink.detail);
  t.ok(verifyChecks(userLink.value.checks));
  const poolLink = judgePool(undefined, envelopes().pool, LOG_TIME, userLink.value.state);
  if (!poolLink.ok) throw new Error(poolLink.detail);
  t.ok(verifyChecks(poolLink.value.checks));
  t.notOk(
    verifyChecks([
      {
        kind: 'p256',
        point: device.sign,
        message: signInput('stmt', made.invite),
        signature: signature('user genesis signature'),
      },
    ]),
  );
});
