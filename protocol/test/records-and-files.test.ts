import fc from 'fast-check';
import t from 'tap';
import {
  BLOCK_BYTES,
  type Bytes,
  bindingSignInput,
  blockCount,
  blockLength,
  concatBytes,
  decodeRecord,
  descriptionSignInput,
  encodeCbor,
  encodeRecordHeader,
  equalBytes,
  FILE_BYTES_MAX,
  joinRecord,
  leafInput,
  merkleRoot,
  merkleTree,
  nodeHash,
  PROOF_HASHES_MAX,
  recordContent,
  recordLink,
  recordSignInput,
  type SignedDescription,
  sdpFingerprint,
  sha256Bytes,
  signInput,
  taggedHash,
  toHex,
  utf8,
  verifyMerkleProof,
} from '../src/index.ts';
import { createTestDevice, verifyChecks } from '../testing/index.ts';
import * as arb from './arbitraries.ts';
import { holdsForAll } from './holds-for-all.ts';

t.test(
  '[REC-1] a record header is an array of twelve, and [REC-2] its signature covers all of it',
  async (t) => {
    const device = createTestDevice();
    const [header] = fc.sample(arb.recordHeader, 1);
    if (header === undefined) throw new Error('no sample');
    const bytes = encodeRecordHeader({ ...header, device: device.id });
    t.strictSame(
      bytes,
      encodeCbor([
        1,
        header.pool,
        device.id,
        header.incarnation,
        header.seq,
        header.previous,
        header.ms,
        header.counter,
        header.poolSeq,
        header.poolHead,
        header.kind,
        header.content,
      ]),
    );
    t.strictSame(recordSignInput(bytes), signInput('record', bytes));
    const signed = decodeRecord(joinRecord(bytes, device.sign(recordSignInput(bytes))));
    if (!signed.ok) throw new Error(signed.detail);
    const holds = (message: Bytes) =>
      verifyChecks([
        { kind: 'p256', point: device.keys.sign, message, signature: signed.value.signature },
      ]);
    t.ok(holds(recordSignInput(signed.value.headerBytes)));
    const other = encodeRecordHeader({ ...header, device: device.id, pool: new Uint8Array(32) });
    t.notOk(holds(recordSignInput(other)), 'replayed into another pool');
  },
);

t.test('[REC-3] a record is named by its header, without the signature', async (t) => {
  const header = utf8('header');
  t.strictSame(recordLink(header), taggedHash('recordlink', header));
});

t.test('[REC-4] content commits to salt and body', async (t) => {
  const salt = new Uint8Array(32).fill(7);
  t.strictSame(
    recordContent(salt, utf8('a')),
    sha256Bytes(concatBytes(utf8('rockpool/body/v1\0'), salt, utf8('a'))),
  );
  t.notSame(recordContent(salt, utf8('a')), recordContent(salt, utf8('b')));
  t.notSame(recordContent(salt, utf8('a')), recordContent(new Uint8Array(32), utf8('a')));
});

t.test(
  '[FILE-1] blocks are 256 KiB, the last may be shorter, an empty file has none',
  async (t) => {
    t.equal(blockCount(0), 0);
    t.equal(blockCount(1), 1);
    t.equal(blockCount(BLOCK_BYTES), 1);
    t.equal(blockCount(BLOCK_BYTES + 1), 2);
    t.equal(blockLength(BLOCK_BYTES + 1, 0), BLOCK_BYTES);
    t.equal(blockLength(BLOCK_BYTES + 1, 1), 1);
    t.strictSame(leafInput(utf8('x')), utf8('\0x'));
  },
);

t.test('[FILE-2] the root is that of RFC 9162 section 2.1.1', async (t) => {
  holdsForAll(
    t,
    fc.property(fc.array(arb.leaf, { maxLength: 70 }), (leaves) =>
      equalBytes(merkleRoot(leaves), naiveRoot(leaves)),
    ),
  );
  t.equal(
    toHex(merkleRoot([])),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
  // RFC 9162 has no vectors of its own; these seven leaves are Certificate Transparency's.
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'];
  const leaves = inputs.map((hex) =>
    sha256Bytes(leafInput(new Uint8Array(Buffer.from(hex, 'hex')))),
  );
  t.equal(
    toHex(merkleRoot(leaves)),
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  );
});

t.test('[FILE-3] every proof verifies, and no changed one does', async (t) => {
  const trees = fc
    .array(arb.leaf, { minLength: 1, maxLength: 70 })
    .chain((leaves) =>
      fc.tuple(fc.constant(leaves), fc.nat(leaves.length - 1), fc.nat(), fc.nat(255)),
    );
  holdsForAll(
    t,
    fc.property(trees, ([leaves, index, at, bit]) => {
      const tree = merkleTree(leaves);
      const proof = tree.proof(index);
      const leaf = leaves[index] ?? new Uint8Array(0);
      const count = leaves.length;
      const verify = (
        changed: Partial<{ leaf: Bytes; proof: readonly Bytes[]; index: number; root: Bytes }>,
      ) => {
        const all = { leaf, proof, index, root: tree.root, ...changed };
        return verifyMerkleProof(all.leaf, all.index, count, all.proof, all.root);
      };
      const tampered = proof.map((hash, i) => (i === at % proof.length ? flip(hash, bit) : hash));
      return (
        verify({}) &&
        !verify({ leaf: flip(leaf, bit) }) &&
        !verify({ root: flip(tree.root, bit) }) &&
        (proof.length === 0 || !verify({ proof: tampered })) &&
        (proof.length === 0 || !verify({ proof: proof.slice(1) })) &&
        !verify({ proof: [...proof, leaf] }) &&
        !verify({ index: count }) &&
        !verify({ index: -1 }) &&
        !verify({ index: Number.NaN })
      );
    }),
  );
});

t.test(
  '[FILE-3] the longest proof of the largest file fits its limit, and hostile sizes return',
  async (t) => {
    t.equal(Math.ceil(Math.log2(blockCount(FILE_BYTES_MAX))), PROOF_HASHES_MAX);
    const hash = new Uint8Array(32);
    const proof = Array.from({ length: 1000 }, () => hash);
    t.notOk(verifyMerkleProof(hash, 0, Number.MAX_SAFE_INTEGER, proof, hash));
    t.notOk(verifyMerkleProof(hash, 0, 2, [new Uint8Array(31)], hash));
  },
);

const description: Omit<SignedDescription, 'sig'> = {
  type: 'description',
  pool: new Uint8Array(32).fill(1),
  from: new Uint8Array(32).fill(2),
  to: new Uint8Array(32).fill(3),
  connection: new Uint8Array(16).fill(4),
  role: 'offer',
  sdp: utf8('v=0\r\n'),
  time: 5,
};

t.test(
  '[SIG-2] a description is signed with who speaks to whom, about which connection',
  async (t) => {
    const { type: _type, ...covered } = description;
    const input = descriptionSignInput(description);
    t.strictSame(input, signInput('sdp', encodeCbor(covered)));
    const answer = { ...description, role: 'answer', offer: new Uint8Array(32) } as const;
    t.strictSame(
      descriptionSignInput({ ...answer, sig: new Uint8Array(64) } as typeof answer),
      descriptionSignInput(answer),
      'never covers a signature',
    );
    const changes: Partial<SignedDescription>[] = [
      { pool: new Uint8Array(32) },
      { from: new Uint8Array(32) },
      { to: new Uint8Array(32) },
      { connection: new Uint8Array(16) },
      { role: 'answer' },
      { sdp: utf8('v=1\r\n') },
      { time: 6 },
      { offer: new Uint8Array(32) },
    ];
    for (const change of changes) {
      t.notSame(
        descriptionSignInput({ ...description, ...change }),
        input,
        Object.keys(change).join(),
      );
    }
  },
);

t.test('[SIG-3] an SDP has exactly one fingerprint, of SHA-256 and 32 bytes', async (t) => {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
  const pairs = toHex(bytes).toUpperCase().match(/../g)?.join(':') ?? '';
  const sdp = (...lines: string[]) =>
    `v=0\r\ns=-\r\n${lines.map((line) => `${line}\r\n`).join('')}a=mid:0\r\n`;
  const good = `a=fingerprint:sha-256 ${pairs}`;
  t.strictSame(sdpFingerprint(sdp(good)), { ok: true, value: bytes });
  t.strictSame(sdpFingerprint(sdp(good.replaceAll('\r', '')).replaceAll('\r', '')), {
    ok: true,
    value: bytes,
  });
  for (const bad of [
    sdp(),
    sdp(good, good),
    sdp(good, good.replace('sha-256', 'sha-1')),
    sdp(good.replace('sha-256', 'sha-512')),
    sdp(`a=fingerprint:sha-256 ${pairs.slice(3)}`),
    sdp(`a=fingerprint:sha-256 ${pairs}:00`),
    sdp(`a=fingerprint:sha-256 ${pairs.replace('07', 'zz')}`),
    sdp('a=fingerprint:sha-256'),
    sdp(good, 'a=fingerprint:sha-256'),
    sdp(good, `A=FINGERPRINT:sha-256 ${pairs}`),
    sdp(good, `a=fingerprint: sha-256 ${pairs}`),
    sdp(good, ` a=fingerprint:sha-256 ${pairs}`),
  ]) {
    t.match(sdpFingerprint(bad), { ok: false, code: 'PEER_FINGERPRINT' }, JSON.stringify(bad));
  }
  holdsForAll(
    t,
    fc.property(fc.string(), (random) => {
      const found = sdpFingerprint(random);
      return !found.ok || found.value.length === 32;
    }),
  );
});

t.test('[CHN-2] each side signs both descriptions over the open channel', async (t) => {
  const { pool, from, to, connection } = description;
  const [offer, answer] = [sha256Bytes(utf8('offer')), sha256Bytes(utf8('answer'))];
  const binding = { pool, from, to, connection, offer, answer, poolHead: [3, pool] } as const;
  t.strictSame(bindingSignInput(binding), signInput('head', encodeCbor(binding)));
  const swapped = bindingSignInput({ ...binding, from: to, to: from });
  t.notSame(swapped, bindingSignInput(binding), 'cannot be reflected');
});

/** RFC 9162 section 2.1.1, word by word. */
function naiveRoot(leaves: readonly Bytes[]): Bytes {
  const [first] = leaves;
  if (first === undefined) return sha256Bytes(new Uint8Array(0));
  if (leaves.length === 1) return first;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

function flip(bytes: Bytes, bit: number): Bytes {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
