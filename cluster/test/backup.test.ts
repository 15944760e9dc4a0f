import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type BackupPorts, startBackup } from '../src/backup/write-backup.ts';
import type { ClusterNode } from '../src/node/cluster-node.ts';
import { restoreCluster, verifyBackup } from '../src/node/restore-cluster.ts';
import { NodeError } from '../src/node-error.ts';
import { type Bytes, META } from '../src/ports.ts';
import type { LogStore } from '../src/store/log-store.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { createStore, openStore } from '../testing/log-store-suite.ts';
import { MemoryDisk } from '../testing/memory-store.ts';
import { TestNodes } from '../testing/test-nodes.ts';

t.setTimeout(120_000);

const TIMEOUT_MS = 20_000;
const SLOTS_USED = [META, 3, 40_000];
const FLIPS_OF_REGION = 24;
const key = (text: string) => new Uint8Array(Buffer.from(text));

async function freshDirectory(test: Test): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'rockpool-backup-'));
  test.teardown(() => rm(root, { recursive: true, force: true }));
  return root;
}

async function bytesOf(source: AsyncIterable<Bytes>): Promise<Buffer> {
  const pieces: Bytes[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const verdictOf = (bytes: Uint8Array): Promise<string> =>
  verifyBackup(inPieces(bytes, 60_000)).then(
    () => 'whole',
    (error: unknown) => (error instanceof NodeError ? error.message : `no code: ${error}`),
  );

async function fill(cluster: ClusterNode): Promise<void> {
  const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);
  await Promise.all(
    SLOTS_USED.flatMap((slot) =>
      keys.map((name) => cluster.submit(slot, key(name), { timeoutMs: TIMEOUT_MS })),
    ),
  );
}

async function rowsOf(cluster: ClusterNode): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const slot of SLOTS_USED) {
    await cluster.barrier(slot, { timeoutMs: TIMEOUT_MS });
    rows.push(await cluster.scan(slot, { prefix: new Uint8Array(0), limit: 1_000 }));
  }
  return rows;
}

/** A small backup of three nodes, and what they serve. */
async function made(test: Test): Promise<{ nodes: TestNodes; backup: Buffer; rows: unknown[] }> {
  const nodes = await TestNodes.init(counterMachine, 3);
  test.teardown(() => nodes.end());
  const [first, second] = await nodes.startAll();
  await fill(first!);
  const backup = await bytesOf(await second!.backup());
  return { nodes, backup, rows: await rowsOf(second!) };
}

t.test(
  '[BAK-1] [BAK-2] [BAK-3] a restored cluster serves what was backed up, and goes on',
  async (t) => {
    const { nodes, backup, rows } = await made(t);
    const root = await freshDirectory(t);
    const file = join(root, 'backup');
    await writeFile(file, backup);
    const { head } = await verifyBackup(createReadStream(file));
    t.match(head, { realm: nodes.made.realm, clusterId: nodes.made.clusterId });
    const dataDirs = ['1', '2', '3'].map((name) => join(root, name));
    const restored = await restoreCluster({
      file,
      dataDirs,
      nodes: ['1', '2', '3'].map((name) => ({ name, peerAddress: '127.0.0.1:1' })),
    });
    t.equal(restored.realm, nodes.made.realm);
    t.not(restored.clusterId, nodes.made.clusterId);
    const former = new Set(nodes.made.nodes.map(({ id }) => id));
    t.notOk(restored.nodes.some(({ id }) => former.has(id)));
    const again = TestNodes.of(root, dataDirs, restored, counterMachine);
    t.teardown(() => again.end());
    const clusters = await again.startAll();
    for (const cluster of clusters) t.same(await rowsOf(cluster), rows);
    const { reply, index } = await clusters[0]!.submit(3, key('k1'), { timeoutMs: TIMEOUT_MS });
    t.equal(Buffer.from(reply).readUInt32BE(), 2, 'the counter goes on');
    t.ok(index > head.groups[1]!.base.index, 'and so does the log');
    t.match(await verdictOf(await bytesOf(await clusters[2]!.backup())), 'whole');
  },
);

t.test(
  '[BAK-2] [BAK-3] a flipped bit, a cut and a byte more are refused where they are',
  async (t) => {
    const { backup } = await made(t);
    t.equal(await verdictOf(backup), 'whole');
    const regions = regionsOf(backup);
    t.ok(regions.length >= 5, 'head, three groups, end');
    for (const { at, end, where } of regions) {
      const step = Math.max(1, Math.floor((8 * (end - at)) / FLIPS_OF_REGION));
      for (let bit = 8 * at; bit < 8 * end; bit += step) {
        const flipped = Buffer.from(backup);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const verdict = await verdictOf(flipped);
        t.match(verdict, 'BACKUP_DAMAGED');
        t.match(verdict, `At byte ${at}, ${where}`, `bit ${bit & 7} of byte ${bit >> 3}`);
      }
      for (const length of [at, at + 1, Math.floor((at + end) / 2), end - 1]) {
        t.match(await verdictOf(backup.subarray(0, length)), /BACKUP_DAMAGED: .*ends within/);
      }
    }
    const longer = await verdictOf(Buffer.concat([backup, Buffer.alloc(1)]));
    t.match(longer, `At byte ${backup.length}, after the end record`);
  },
);

t.test('whatever the bytes are, they are a backup or refused with a code', async (t) => {
  const { backup } = await made(t);
  const splice = fc.record({
    at: fc.nat(backup.length - 1),
    gone: fc.nat(200),
    put: fc.uint8Array({ maxLength: 200 }),
  });
  await fc.assert(
    fc.asyncProperty(splice, async ({ at, gone, put }) => {
      const changed = Buffer.concat([backup.subarray(0, at), put, backup.subarray(at + gone)]);
      const verdict = await verdictOf(changed);
      if (changed.equals(backup)) return verdict === 'whole';
      return /^BACKUP_(DAMAGED|VERSION): /.test(verdict);
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) =>
      /^BACKUP_DAMAGED: /.test(await verdictOf(bytes)),
    ),
  );
});

t.test('[BAK-1] a backup of another format version is told from a damaged one', async (t) => {
  const { backup } = await made(t);
  const other = withVersion(backup, 2);
  t.match(await verdictOf(other), /^BACKUP_VERSION: /);
});

t.test(
  'nothing is restored from a damaged backup, nor into a directory with anything in it',
  async (t) => {
    const { backup } = await made(t);
    const root = await freshDirectory(t);
    const file = join(root, 'backup');
    const node = [{ name: '1', peerAddress: '127.0.0.1:1' }];
    const into = (dataDir: string) => restoreCluster({ file, dataDirs: [dataDir], nodes: node });
    backup[backup.length - 100]! ^= 1;
    await writeFile(file, backup);
    await t.rejects(into(join(root, 'a')), { code: 'BACKUP_DAMAGED' });
    t.same(await readdir(join(root, 'a')), []);
    backup[backup.length - 100]! ^= 1;
    await writeFile(file, backup);
    await mkdir(join(root, 'b'));
    await writeFile(join(root, 'b', 'notes.txt'), 'mine');
    await t.rejects(into(join(root, 'b')), { code: 'BACKUP_TARGET_NOT_EMPTY' });
    t.equal(await readFile(join(root, 'b', 'notes.txt'), 'utf8'), 'mine');
    await into(join(root, 'a'));
    await t.rejects(into(join(root, 'a')), { code: 'BACKUP_TARGET_NOT_EMPTY' });
  },
);

t.test('moments of groups belong together only if none applied anything meanwhile', async (t) => {
  const disk = new MemoryDisk();
  await createStore({ open: async () => disk.open() });
  const store: LogStore = await openStore({ open: async () => disk.open() });
  let reads = 0;
  const ports = (busyReads: number): BackupPorts => ({
    groups: [0, 1, 2],
    realm: '02'.repeat(32),
    clusterId: '01'.repeat(16),
    nowMs: () => 1,
    // What was applied a moment ago, where something was applied since.
    appliedIndex: () => (reads < busyReads ? -1 : 0),
    current: async () => {
      reads += 1;
    },
    cut: (groups) => store.cut(groups),
  });
  t.equal(await verdictOf(await bytesOf(await startBackup(ports(7)))), 'whole');
  t.equal(reads, 12, 'the fourth moment was quiet');
  reads = 0;
  await t.rejects(startBackup(ports(Number.POSITIVE_INFINITY)), { code: 'CLUSTER_BUSY' });
  await store.close();
});

t.test('a backup that is returned unread lets go of its moment', async (t) => {
  const disk = new MemoryDisk();
  await createStore({ open: async () => disk.open() });
  const store: LogStore = await openStore({ open: async () => disk.open() });
  let open = 0;
  const backup = await startBackup({
    groups: [0, 1, 2],
    realm: '02'.repeat(32),
    clusterId: '01'.repeat(16),
    nowMs: () => 1,
    appliedIndex: () => 0,
    current: async () => {},
    cut: async (groups) => {
      const cuts = await store.cut(groups);
      for (const rows of cuts) {
        const close = rows.close.bind(rows);
        open += 1;
        rows.close = async () => {
          open -= 1;
          await close();
        };
      }
      return cuts;
    },
  });
  t.equal(open, 3);
  await backup.return(undefined);
  t.equal(open, 0);
  await store.close();
});

interface Region {
  readonly at: number;
  readonly end: number;
  readonly where: string;
}

/** By the lengths that the file itself names. */
function regionsOf(backup: Buffer): readonly Region[] {
  const headEnd = 14 + backup.readUInt32BE(10) + 4;
  const regions: Region[] = [{ at: 0, end: headEnd, where: 'the head' }];
  let at = headEnd;
  while (backup[at] === 1) {
    const end = at + 10 + backup.readUInt32BE(at + 6) + 4;
    regions.push({ at, end, where: `group ${backup.readUInt32BE(at + 1)}` });
    at = end;
  }
  return [...regions, { at, end: backup.length, where: 'the end record' }];
}

/** As a later version would write it: its head carries a CRC in the same place. */
function withVersion(backup: Buffer, version: number): Buffer {
  const changed = Buffer.from(backup);
  changed.writeUInt16BE(version, 8);
  const end = 14 + changed.readUInt32BE(10);
  changed.writeUInt32BE(crc32(changed.subarray(0, end)), end);
  return changed;
}

t.test(
  'a command that opens a restored cluster stands in the log of every shard, first of all',
  async (t) => {
    const { backup } = await made(t);
    const root = await freshDirectory(t);
    const file = join(root, 'backup');
    await writeFile(file, backup);
    const dataDirs = ['1', '2', '3'].map((name) => join(root, name));
    const restored = await restoreCluster({
      file,
      dataDirs,
      nodes: ['1', '2', '3'].map((name) => ({ name, peerAddress: '127.0.0.1:1' })),
      opening: { command: key('group'), ruleVersion: 1 },
    });
    const machine = { ...counterMachine, groupKeys: [key('group')] };
    const again = TestNodes.of(root, dataDirs, restored, machine);
    t.teardown(() => again.end());
    for (const cluster of await again.startAll()) {
      for (const slot of [3, 40_000]) {
        await cluster.barrier(slot, { timeoutMs: TIMEOUT_MS });
        const row = await cluster.getOfGroup(cluster.groupOf(slot), key('group'));
        t.equal(
          row && Buffer.from(row).readUInt32BE(),
          1,
          'a row of the group, of none of its slots',
        );
        t.equal(await cluster.get(slot, key('group')), undefined);
      }
      t.equal(await cluster.getOfGroup(0, key('group')), undefined, 'the meta group has no slots');
    }
  },
);
