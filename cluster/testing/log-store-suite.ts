// The contract of a database under the log store. Every adapter must pass it; a disk is what outlives
// the store object, so that a test can open it again.

import type { KeyValueStore, Operation } from '@rockpool/storage';
import type { Test } from 'tap';
import { NOBODY } from '../src/core/configuration.ts';
import { baseAt } from '../src/core/entry.ts';
import { toHex } from '../src/format/bytes.ts';
import { encodeLogBase } from '../src/format/group-records.ts';
import { DATA_VERSION, type StoreIdentity } from '../src/format/identity.ts';
import { chainChecksum, decodeLogEntries, encodeLogEntries } from '../src/format/log-entry.ts';
import { entryKey, KEY_KIND, rowKey, storeKey } from '../src/format/store-key.ts';
import { firstRows } from '../src/node/init-cluster.ts';
import { LogStore, rowRange } from '../src/store/log-store.ts';

export interface Disk {
  open(): Promise<KeyValueStore>;
}

export const IDENTITY: StoreIdentity = {
  dataVersion: DATA_VERSION,
  clusterId: '01'.repeat(16),
  realm: '02'.repeat(32),
  nodeId: '03'.repeat(16),
  incarnation: '04'.repeat(16),
  bootNumber: 0,
};

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** What every node starts from, with two shard groups. */
export async function createStore(disk: Disk): Promise<void> {
  const node = {
    id: IDENTITY.nodeId,
    name: '1',
    peerAddress: '127.0.0.1:1',
    fingerprint: '05'.repeat(32),
    incarnation: IDENTITY.incarnation,
  };
  const store = await disk.open();
  await LogStore.create(store, IDENTITY, firstRows([node], 2));
  await store.close();
}

export async function openStore(disk: Disk): Promise<LogStore> {
  const poisoned = (error: Error) => {
    throw error;
  };
  return LogStore.open(await disk.open(), { onPoison: poisoned, lazyMs: 1 });
}

/** Entries 1 to `count` of a group in term 1, chained, with the hard state that covers them. */
export function chainedEntries(group: number, count: number): Operation[] {
  const operations: Operation[] = [];
  let checksum = 0;
  for (let index = 1; index <= count; index += 1) {
    const content = { group, index, term: 1, kind: 'command' as const, ruleVersion: 1 };
    const entry = { ...content, entryTimeMs: index, tableEpoch: 1, command: bytes(`c${index}`) };
    checksum = chainChecksum(checksum, entry);
    operations.push({
      key: entryKey(group, index),
      payload: encodeLogEntries([{ ...entry, checksum }]),
    });
  }
  const hardState = new Uint8Array(33);
  hardState[7] = 1;
  operations.push({ key: storeKey(KEY_KIND.hardState, group), payload: hardState });
  return operations;
}

export function stageDurably(store: LogStore, operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve) => store.stage(operations, 'urgent', resolve));
}

/** Runs the contract against fresh disks. */
export function logStoreSuite(t: Test, makeDisk: () => Promise<Disk>): void {
  t.test('[STO-3] each start counts one boot more, under the same incarnation', async (t) => {
    const disk = await makeDisk();
    await createStore(disk);
    for (const boot of [1, 2, 3]) {
      const store = await openStore(disk);
      t.match(store.identity, { ...IDENTITY, bootNumber: boot });
      await store.close();
    }
  });

  t.test('an empty store is refused: its promises were lost or never made', async (t) => {
    const disk = await makeDisk();
    const store = await disk.open();
    await t.rejects(LogStore.open(store, { onPoison: () => {} }), { code: 'STORE_EMPTY' });
    await store.close();
  });

  t.test('a group comes back as it was written, in the order of its indexes', async (t) => {
    const disk = await makeDisk();
    await createStore(disk);
    const before = await openStore(disk);
    const entries = chainedEntries(1, 300);
    const [applied] = decodeLogEntries(entries[199]?.payload ?? new Uint8Array(0)) ?? [];
    if (applied === undefined) throw new Error('entry 200 is one of them');
    await stageDurably(before, entries);
    await stageDurably(before, [
      { key: storeKey(KEY_KIND.applied, 1), payload: encodeLogBase(baseAt(applied, NOBODY)) },
      { key: entryKey(1, 300), payload: null },
    ]);
    await before.close();
    const after = await openStore(disk);
    const group = await after.loadGroup(1);
    t.equal(group.log.entries.length, 299);
    t.equal(group.log.entries[255]?.index, 256);
    t.equal(group.applied.index, 200);
    t.match(group.hardState, { term: 1, commit: 0, vote: undefined });
    t.same((await after.loadGroup(2)).log.entries, []);
    await after.close();
  });

  t.test('reads and scans see what is staged before it is durable, in key order', async (t) => {
    const disk = await makeDisk();
    await createStore(disk);
    const store = await openStore(disk);
    const row = (name: string, payload: string | null): Operation => ({
      key: rowKey(1, 5, bytes(name)),
      payload: payload === null ? null : bytes(payload),
    });
    await stageDurably(store, [row('a', '1'), row('b', '1'), row('d', '1'), row('e', '1')]);
    store.stage([row('b', null), row('c', '2'), row('d', '2')], 'lazy');
    const names = async (limit: number, after?: string) => {
      const range = rowRange(1, 5, new Uint8Array(0), after === undefined ? after : bytes(after));
      const rows = await store.scan(range, limit);
      return rows.map(([key, value]) => Buffer.from([...key.subarray(7), ...value]).toString());
    };
    t.same(await names(10), ['a1', 'c2', 'd2', 'e1']);
    t.same(await names(2), ['a1', 'c2']);
    t.same(await names(2, 'c'), ['d2', 'e1']);
    const found = await store.getMany([row('b', null).key, row('c', '').key, row('a', '').key]);
    t.same(
      found.map((value) => value && Buffer.from(value).toString()),
      [undefined, '2', '1'],
    );
    await store.settle();
    t.same(await names(10), ['a1', 'c2', 'd2', 'e1'], 'the same once it is durable');
    await store.close();
  });

  t.test('a scan gives every row up to its limit, however large they are', async (t) => {
    const disk = await makeDisk();
    await createStore(disk);
    const store = await openStore(disk);
    const nameAt = (at: number) => `row-${String(at).padStart(4, '0')}`;
    const rows = Array.from({ length: 500 }, (_, at) => ({
      key: rowKey(1, 5, bytes(nameAt(at))),
      payload: new Uint8Array(400).fill(at),
    }));
    await stageDurably(store, rows);
    const names = async (limit: number) => {
      const found = await store.scan(rowRange(1, 5, bytes('row-')), limit);
      return found.map(([key]) => Buffer.from(key.subarray(7)).toString());
    };
    const all = rows.map((_, at) => nameAt(at));
    t.same(await names(10_000), all);
    t.same(await names(300), all.slice(0, 300));
    t.equal((await store.scanSlots(1, { prefix: bytes('row-'), limit: 10_000 })).length, 500);
    await store.close();
  });

  t.test('[STO-14] rows of a snapshot replace the others in the batch that says so', async (t) => {
    const disk = await makeDisk();
    await createStore(disk);
    const before = await openStore(disk);
    const row = (name: string, payload: string) => ({
      key: rowKey(1, 5, bytes(name)),
      payload: bytes(payload),
    });
    const rows = async (store: LogStore) => {
      const range = rowRange(1, 5, new Uint8Array(0));
      const found = [
        ...(await store.scan(range, 10)),
        ...(await store.scanSlots(1, { prefix: bytes('b'), limit: 10 })),
      ];
      return found.map(([key, value]) => Buffer.from([...key.subarray(7), ...value]).toString());
    };
    await stageDurably(before, [row('a', '1'), row('b', '1')]);
    await before.stageReceived(1, [
      [row('b', '').key, bytes('2')],
      [row('c', '').key, bytes('2')],
    ]);
    t.same(await rows(before), ['a1', 'b1', 'b1'], 'not before');
    await before.close();
    const between = await openStore(disk);
    t.same(await rows(between), ['a1', 'b1', 'b1'], 'a stop before the switch changes nothing');
    await between.clearOther(1);
    await between.stageReceived(1, [[row('b', '').key, bytes('3')]]);
    const switched = new Promise<void>((resolve) => {
      between.stageSwitch(1, [{ key: storeKey(KEY_KIND.slots, 1), payload: bytes('s') }], resolve);
    });
    t.same(await rows(between), ['b3', 'b3'], 'reads see what is staged');
    await switched;
    between.stage([row('d', '4')], 'lazy');
    t.same(await rows(between), ['b3', 'd4', 'b3']);
    await between.clearOther(1);
    await between.close();
    const after = await openStore(disk);
    t.same(await rows(after), ['b3', 'd4', 'b3'], 'and so do later starts');
    const found = await after.getMany([row('a', '').key, row('d', '').key]);
    t.same(
      found.map((value) => value && Buffer.from(value).toString()),
      [undefined, '4'],
    );
    const snapshot = await after.snapshotRows(1);
    const sent: string[] = [];
    for await (const page of snapshot.pages()) {
      sent.push(...page.map(([key, value]) => `${toHex(key)} ${Buffer.from(value)}`));
    }
    await snapshot.close();
    t.same(sent, [`${toHex(row('b', '').key)} 3`, `${toHex(row('d', '').key)} 4`]);
    await after.stageReceived(1, [[row('e', '').key, bytes('5')]]);
    after.stage([row('late', '6')], 'lazy');
    after.stageSwitch(1, [], () => {});
    await after.clearOther(1);
    t.same(await rows(after), ['e5'], 'there and back: nothing of the first rows is left');
    await after.stageReceived(1, [[row('f', '').key, bytes('7')]]);
    await new Promise<void>((resolve) => after.stageSwitch(1, [], resolve));
    t.same(await rows(after), ['f7'], 'nor what was on its way there when the sides changed');
    await after.close();
  });

  t.test('a snapshot is the rows of one moment, after all that was staged before', async (t) => {
    const disk = await makeDisk();
    await createStore(disk);
    const store = await openStore(disk);
    const row = (name: string) => ({ key: rowKey(1, 5, bytes(name)), payload: bytes(name) });
    await stageDurably(store, [row('a')]);
    store.stage([row('b')], 'lazy');
    const opening = store.snapshotRows(1);
    store.stage([{ key: storeKey(KEY_KIND.applied, 2), payload: bytes('another group') }], 'lazy');
    const snapshot = await opening;
    await stageDurably(store, [row('c')]);
    const names: string[] = [];
    for await (const page of snapshot.pages()) {
      names.push(...page.map(([, payload]) => Buffer.from(payload).toString()));
    }
    t.same(names, ['a', 'b']);
    t.match(await snapshot.head(), { base: { index: 0, term: 0 } });
    await snapshot.close();
    await store.close();
  });

  t.test('a cursor sees the store as it was when the cursor was made', async (t) => {
    const disk = await makeDisk();
    const store = await disk.open();
    const value = bytes('x');
    await store.write([{ key: bytes('a'), value }]);
    const cursor = store.cursor({ from: bytes('a'), to: bytes('z') });
    await store.write([
      { key: bytes('a'), value: null },
      { key: bytes('b'), value },
    ]);
    const [first, ...others] = await cursor.next(10);
    t.same(toHex(first?.[0] ?? value), toHex(bytes('a')));
    t.same(others, []);
    t.same(await cursor.next(10), []);
    await cursor.close();
    await store.close();
  });

  t.test('a scan over all slots of a group finds one prefix in each', async (t) => {
    const disk = await makeDisk();
    await createStore(disk);
    const store = await openStore(disk);
    const rows = [3, 4, 900, 32_000].flatMap((slot) =>
      ['a', 'out1', 'out2', 'z'].map((name) => ({
        key: rowKey(1, slot, bytes(name)),
        payload: bytes('x'),
      })),
    );
    await stageDurably(store, [...rows, { key: rowKey(2, 3, bytes('out')), payload: bytes('x') }]);
    store.stage([{ key: rowKey(1, 4, bytes('out1')), payload: null }], 'lazy');
    store.stage([{ key: rowKey(1, 7, bytes('out9')), payload: bytes('y') }], 'lazy');
    const found = await store.scanSlots(1, { prefix: bytes('out'), limit: 100 });
    const expected = [
      [3, 'out1'],
      [3, 'out2'],
      [4, 'out2'],
      [7, 'out9'],
      [900, 'out1'],
      [900, 'out2'],
      [32_000, 'out1'],
      [32_000, 'out2'],
    ] as const;
    const wanted = expected.map(([slot, name]) => toHex(rowKey(1, slot, bytes(name))));
    t.same(
      found.map(([key]) => toHex(key)),
      wanted,
    );
    const first = await store.scanSlots(1, { prefix: bytes('out'), limit: 3 });
    t.same(
      first.map(([key]) => toHex(key)),
      wanted.slice(0, 3),
    );
    for (const [at, [slot, name]] of expected.entries()) {
      const after = { slot, key: bytes(name) };
      const later = await store.scanSlots(1, { prefix: bytes('out'), after, limit: 100 });
      t.same(
        later.map(([key]) => toHex(key)),
        wanted.slice(at + 1),
      );
    }
    await store.close();
  });

  t.test(
    '[STO-4] everything staged while a batch is in flight goes into one next batch',
    async (t) => {
      const disk = await makeDisk();
      await createStore(disk);
      const database = await disk.open();
      const batches: number[] = [];
      const counting: KeyValueStore = {
        ...database,
        write: (operations) => {
          batches.push(operations.length - 1);
          return database.write(operations);
        },
      };
      const store = await LogStore.open(counting, { onPoison: () => {} });
      batches.length = 0;
      const order: number[] = [];
      const stage = (at: number) =>
        new Promise<void>((resolve) => {
          const key = rowKey(1, 1, bytes(`k${at}`));
          store.stage([{ key, payload: bytes('x') }], 'urgent', () => {
            order.push(at);
            resolve();
          });
        });
      const first = stage(0);
      await Promise.resolve();
      const rest = Array.from({ length: 50 }, (_, at) => stage(at + 1));
      await Promise.all([first, ...rest]);
      t.same(batches, [1, 50], 'group commit');
      t.same(
        order,
        Array.from({ length: 51 }, (_, at) => at),
      );
      await store.close();
    },
  );
}
