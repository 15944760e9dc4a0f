import { createHash, randomBytes } from 'node:crypto';
import {
  BLOCK_BYTES,
  bodyShapes,
  encodeInviteLink,
  FILE_NAME_BYTES_MAX,
  LOGICAL_COUNTER_MAX,
  merkleRoot,
  type NodeState,
  poolRef,
  utf8,
  verifyMerkleProof,
} from '@rockpool/protocol';
import { createTestPerson, createTestPool } from '@rockpool/protocol/testing';
import fc from 'fast-check';
import t from 'tap';
import { Bitfield } from '../src/files/bitfield.ts';
import { HashTree, joinLeaves, splitLeaves } from '../src/files/hash-tree.ts';
import { pickBlock, pickEndgame } from '../src/files/picker.ts';
import { arrivalView, readArrival } from '../src/identity/arrival.ts';
import { previewInvite } from '../src/identity/preview-invite.ts';
import { cleanFileName, cleanLine, cleanLines } from '../src/messages/clean-text.ts';
import { laterTime, tickClock } from '../src/messages/hybrid-clock.ts';
import { compareKeys, Timeline, type TimelineKey } from '../src/messages/timeline.ts';
import { backoffMs } from '../src/session/backoff.ts';
import { boardBroke, boardHeard, boardView } from '../src/session/node-board.ts';
import { RowWriter } from '../src/store/row-writer.ts';
import type { TextEntry } from '../src/view.ts';
import { MemoryStore, twoInAPool } from '../testing/index.ts';

t.test('rows that gather while a batch is written go in one batch, in order', async (t) => {
  const store = new MemoryStore();
  const batches: number[] = [];
  const writer = new RowWriter({
    ...store,
    get: (key) => store.get(key),
    list: (prefix) => store.list(prefix),
    write: async (rows) => {
      batches.push(rows.length);
      await store.write(rows);
    },
  });
  const first = writer.put('a', Uint8Array.of(1));
  await Promise.resolve();
  await Promise.resolve();
  const later = [writer.put('a', Uint8Array.of(2)), writer.put('b', Uint8Array.of(3))];
  await Promise.all([first, ...later]);
  t.equal(
    batches.reduce((sum, rows) => sum + rows),
    3,
  );
  t.ok(batches.length <= 2);
  t.same([...store.rows.get('a')!], [2]);
});

t.test('hybrid time only goes forward, and past everything seen', (t) => {
  const time = fc.record({ ms: fc.nat(5_000), counter: fc.nat(LOGICAL_COUNTER_MAX) });
  fc.assert(
    fc.property(time, time, fc.nat(5_000), (own, seen, nowMs) => {
      const last = laterTime(own, seen);
      const next = tickClock(last, nowMs);
      const after = (a: typeof own, b: typeof own) =>
        a.ms > b.ms || (a.ms === b.ms && a.counter > b.counter);
      return after(next, own) && after(next, seen) && next.counter <= LOGICAL_COUNTER_MAX;
    }),
  );
  t.end();
});

t.test('[CLI-10] entries stand in the one order whatever order they came in', (t) => {
  const key = fc.record({
    ms: fc.nat(5),
    counter: fc.nat(2),
    device: fc.constantFrom('a', 'b'),
    seq: fc.nat(50),
  });
  const entryOf = (id: string) =>
    ({ kind: 'text', id, text: id, timeMs: 0, mine: false, heldByOthers: 0 }) as TextEntry;
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { selector: (k: TimelineKey) => JSON.stringify(k) }),
      (keys) => {
        const timeline = new Timeline();
        for (const each of keys) timeline.insert(each, entryOf(JSON.stringify(each)));
        const sorted = [...keys].sort(compareKeys).map((each) => JSON.stringify(each));
        const same = timeline.entries().every((entry, i) => entry.id === sorted[i]);
        const snapshot = timeline.entries();
        return same && snapshot === timeline.entries();
      },
    ),
  );
  const timeline = new Timeline();
  timeline.insert({ ms: 1, counter: 0, device: 'a', seq: 0 }, entryOf('x'));
  const before = timeline.entries();
  t.equal(
    timeline.update('x', (entry) => entry),
    false,
  );
  t.equal(timeline.entries(), before, 'nothing changed, nothing new');
  t.equal(
    timeline.update('none', (entry) => entry),
    false,
  );
  timeline.remove('x');
  timeline.remove('x');
  t.same(timeline.entries(), []);
  t.end();
});

t.test('a tree proves every block it learned, and learns nothing false', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (count, pick) => {
      const leaves = Array.from({ length: count }, (_, i) =>
        createHash('sha256').update(`${i}`).digest(),
      ).map((leaf) => new Uint8Array(leaf));
      const root = merkleRoot(leaves);
      const whole = HashTree.fromLeaves(leaves, root);
      const partial = new HashTree(count, root);
      const index = pick % count;
      const leaf = leaves[index]!;
      const proof = whole.proof(index)!;
      if (!verifyMerkleProof(leaf, index, count, proof, root)) return false;
      if (partial.proof(index) !== undefined && count > 1) return false;
      if (partial.learn(index, new Uint8Array(32), proof)) return false;
      if (!partial.learn(index, leaf, proof)) return false;
      const again = new HashTree(count, root);
      again.restore(partial.takeUnsaved());
      return (
        again.proof(index)?.join() === proof.join() && again.leaf(index)?.join() === leaf.join()
      );
    }),
  );
  const leaves = [randomBytes(32), randomBytes(32)].map((leaf) => new Uint8Array(leaf));
  t.same(splitLeaves(joinLeaves(leaves)), leaves);
  t.end();
});

t.test('a bitfield counts what it holds, and pages of it merge back', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(fc.nat(320)), (length, indexes) => {
      const field = new Bitfield(length);
      for (const index of indexes) field.set(index);
      const copy = new Bitfield(length);
      for (let at = 0; at < field.bits.length; at += 4) {
        copy.merge(at * 8, field.bits.slice(at, at + 4));
      }
      const wanted = new Set(indexes.filter((index) => index < length));
      return copy.count === wanted.size && [...wanted].every((index) => copy.has(index));
    }),
  );
  const full = new Bitfield(9, Uint8Array.of(255, 255));
  t.equal(full.count, 9, 'bits beyond the end do not count');
  t.ok(full.full);
  t.end();
});

t.test('the rarest block is asked for first, and twice only in the endgame', (t) => {
  const source = new Bitfield(6);
  source.fill();
  const state = {
    held: new Bitfield(6),
    underway: new Uint8Array(6),
    sources: Uint16Array.of(3, 3, 2, 1, 3, 3),
    start: 0,
  };
  const none = () => false;
  t.equal(pickBlock(state, source, none), 3);
  state.held.set(3);
  t.equal(pickBlock(state, source, none), 2);
  t.equal(
    pickBlock(state, source, (block) => block === 2),
    0,
  );
  state.underway.fill(1);
  t.equal(pickBlock(state, source, none), undefined);
  t.equal(pickEndgame(state, source, none), 2);
  state.underway.fill(2);
  t.equal(pickEndgame(state, source, none), undefined);
  t.equal(pickBlock({ ...state, underway: new Uint8Array(6) }, new Bitfield(6), none), undefined);
  t.end();
});

t.test('whatever is typed becomes what a record may hold', (t) => {
  const anything = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(anything, (typed) => {
      const text = bodyShapes.text({ v: 1, text: cleanLines(typed) });
      const name = bodyShapes.profile({ v: 1, name: cleanLine(typed, 64), hue: 0 });
      const file = cleanFileName(typed, FILE_NAME_BYTES_MAX);
      return text === undefined && name === undefined && utf8(file).length <= FILE_NAME_BYTES_MAX;
    }),
  );
  t.equal(cleanLines('a\r\nb\tc\u202e'), 'a\nb    c');
  t.equal(cleanLine('  Ada \u200b Lovelace ', 64), 'Ada Lovelace');
  t.match(cleanFileName(`${'long '.repeat(80)}.tar.gz`, 255), /\.gz$/);
  t.equal(cleanFileName('\u0000', 255), 'file');
  t.end();
});

t.test('any fragment is read, and none throws', (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 500 }), (text) => readArrival(text).kind !== undefined),
  );
  t.equal(readArrival('').kind, 'none');
  t.equal(readArrival('admin=short').kind, 'broken');
  t.equal(readArrival(`admin=${'ab'.repeat(32)}`).kind, 'firstAdmin');
  const pool = poolRef(randomBytes(32));
  const [realm, priv, pub] = [randomBytes(32), randomBytes(32), randomBytes(65)];
  const secret = readArrival(encodeInviteLink({ v: 1, realm, pool, priv, pub }));
  t.equal(arrivalView(secret).kind, 'invite');
  t.notOk(JSON.stringify(arrivalView(secret)).includes(priv.toString('hex')), 'no secret is shown');
  t.end();
});

t.test('a chain that is not the one of the invite is not joined', (t) => {
  const owner = createTestPerson();
  const pool = createTestPool(owner);
  const invite = pool.invite(owner);
  pool.append(invite.envelope, owner);
  const link = {
    v: 1 as const,
    realm: randomBytes(32),
    pool: pool.ref,
    priv: randomBytes(32),
    pub: invite.key.point,
  };
  const nowMs = Date.now();
  const good = previewInvite(pool.links, link, undefined, nowMs);
  t.match(good, { ok: true, value: { isMember: false } });
  t.match(previewInvite(pool.links, link, owner.ref, nowMs), {
    ok: true,
    value: { isMember: true },
  });
  const other = createTestPool(owner);
  const cases = [
    [previewInvite(other.links, link, undefined, nowMs), 'CHAIN_FOREIGN'],
    [previewInvite([], link, undefined, nowMs), 'CHAIN_UNKNOWN'],
    [previewInvite(pool.links.slice(1), link, undefined, nowMs), 'CHAIN_FOREIGN'],
    [previewInvite(pool.links.slice(0, 1), link, undefined, nowMs), 'CHAIN_EXPIRED'],
    [previewInvite(pool.links, link, undefined, nowMs + 8 * 24 * 3_600_000), 'CHAIN_EXPIRED'],
  ] as const;
  for (const [verdict, code] of cases) t.match(verdict, { ok: false, code });
  t.end();
});

t.test('a node that broke counts as stopped until the others can have noticed', (t) => {
  const states = (up: 0 | 1): readonly NodeState[] => [
    { id: new Uint8Array(16), name: '1', up: 1 },
    { id: new Uint8Array(16), name: '2', up },
  ];
  const start = boardHeard([], states(1), 0);
  t.same([start.stopped, start.back], [[], []]);
  const broke = boardBroke(start.board, '2', 100);
  t.same(broke.stopped, ['2']);
  const lagging = boardHeard(broke.board, states(1), 1_000);
  t.same([lagging.stopped, lagging.back], [[], []], 'an old list is not believed');
  const told = boardHeard(lagging.board, states(0), 3_000);
  t.same(told.stopped, [], 'it is said once');
  const back = boardHeard(told.board, states(1), 9_000);
  t.same(back.back, ['2']);
  t.equal(boardView(back.board, 10_000)[1]?.justBack, true);
  t.equal(boardView(back.board, 60_000)[1]?.justBack, false);
  t.same(boardBroke(back.board, '9', 0).stopped, []);
  t.end();
});

t.test('waits grow, never beyond their limit, and differ between clients', (t) => {
  const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
  const range = { firstMs: 100, maxMs: 5_000 };
  fc.assert(
    fc.property(fc.nat(100), (attempt) => {
      const wait = backoffMs(range, attempt, random);
      return wait >= Math.min(50 * 2 ** attempt, 2_500) && wait <= 5_000;
    }),
  );
  t.end();
});

t.test('a view changes only where something changed', async (t) => {
  const { world, a, b } = await twoInAPool();
  await a.say('one');
  await world.time.until('told', () => b.texts.length === 1);
  await world.time.pass(60_000);
  const before = b.view;
  const [poolBefore] = before.pools;
  const calls: number[] = [];
  const unsubscribe = b.rockpool.subscribe(() => calls.push(1));
  await world.time.pass(60_000);
  t.equal(b.view, before, 'nothing happened, so it is the same view');
  t.equal(calls.length, 0);
  for (let i = 0; i < 20; i++) await a.say(`more ${i}`);
  await world.time.until('told', () => b.texts.length === 21);
  t.not(b.view, before);
  t.equal(b.pool.members, poolBefore?.members, 'the members stay as they were');
  t.equal(b.pool.entries[1], poolBefore?.entries[1], 'so does an old entry');
  unsubscribe();
  const count = calls.length;
  await a.say('last');
  await world.time.pass(5_000);
  t.equal(calls.length, count);
  t.equal(BLOCK_BYTES, 262_144);
  await a.stop();
  await b.stop();
});
