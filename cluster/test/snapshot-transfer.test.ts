import t from 'tap';
import { NOBODY } from '../src/core/configuration.ts';
import { type ReceivedSnapshot, SnapshotReceiver } from '../src/driver/snapshot-receiver.ts';
import { SnapshotSender } from '../src/driver/snapshot-sender.ts';
import { encodeLogBase } from '../src/format/group-records.ts';
import {
  decodeSnapshotChunk,
  encodeSnapshotChunk,
  type SnapshotAnswer,
  type SnapshotChunk,
} from '../src/format/snapshot-payload.ts';
import { KEY_KIND, rowKey, storeKey } from '../src/format/store-key.ts';
import type { LogStore } from '../src/store/log-store.ts';
import { createStore, openStore, stageDurably } from '../testing/log-store-suite.ts';
import { MemoryDisk } from '../testing/memory-store.ts';
import { Random } from '../testing/sim/random.ts';

const BASE = { index: 40, term: 3, checksum: 9, entryTimeMs: 100, configuration: NOBODY };
const EVERYTHING = {
  from: rowKey(1, 0, new Uint8Array(0)),
  to: rowKey(1, 0xffff, Uint8Array.of(0xff)),
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function storeOf(disk = new MemoryDisk()): Promise<LogStore> {
  const made = { open: async () => disk.open() };
  await createStore(made);
  return openStore(made);
}

/** A store whose group 1 has rows of about 700 kB in all, applied up to BASE. */
async function filledStore(): Promise<LogStore> {
  const store = await storeOf();
  const rows = Array.from({ length: 70 }, (_, at) => ({
    key: rowKey(1, at * 3, Buffer.from(`key-${at}`)),
    payload: new Uint8Array(at === 7 ? 300_000 : 6_000).fill(at),
  }));
  const applied = { key: storeKey(KEY_KIND.applied, 1), payload: encodeLogBase(BASE) };
  await stageDurably(store, [...rows, applied]);
  return store;
}

async function rowsOf(store: LogStore): Promise<string[]> {
  const rows = await store.scan(EVERYTHING, 1_000);
  return rows.map(
    ([key, payload]) => `${Buffer.from(key).toString('hex')} ${payload.length} ${payload[0]}`,
  );
}

interface Link {
  /** What becomes of a chunk: the chunks that arrive in its place. */
  chunk(chunk: SnapshotChunk): readonly SnapshotChunk[];
  answer(answer: SnapshotAnswer): readonly SnapshotAnswer[];
}

const PERFECT: Link = { chunk: (chunk) => [chunk], answer: (answer) => [answer] };

/** One sender and one receiver, and what lies between them. */
async function pair(link: Link = PERFECT, chunkBytes?: number) {
  const [from, to] = await Promise.all([filledStore(), storeOf()]);
  const state = { term: 3, leader: 'a' as string | undefined, commit: 0 };
  const received: ReceivedSnapshot[] = [];
  const ended: boolean[] = [];
  /** However often: a slow answer lets the same chunk go out again. */
  const sent: number[] = [];
  const receiver = new SnapshotReceiver({
    group: 1,
    status: () => state,
    isInstalling: () => false,
    clear: () => to.clearOther(1),
    stage: (rows) => to.stageReceived(1, rows),
    received: (_from, _term, snapshot) => received.push(snapshot),
    answer: (_to, answer) => {
      for (const arriving of link.answer(answer))
        setImmediate(() => leading.answered('b', arriving));
    },
    fatal: (error) => t.fail(String(error)),
  });
  const ports = {
    open: (group: number) => from.snapshotRows(group),
    send: (_to: string, chunk: SnapshotChunk) => {
      if (sent.at(-1) !== chunk.number) sent.push(chunk.number);
      for (const arriving of link.chunk(chunk)) {
        const decoded = decodeSnapshotChunk(encodeSnapshotChunk(arriving));
        setImmediate(() => receiver.chunk('a', decoded!));
      }
    },
    ended: (_group: number, _to: string, isReceived: boolean) => ended.push(isReceived),
    fatal: (error: unknown) => t.fail(String(error)),
  };
  const sender = new SnapshotSender({ ...ports, chunkBytes });
  let leading = sender;
  /** The same node leads again, in a later life perhaps, in which it cuts chunks otherwise. */
  const nextTerm = (nextChunkBytes?: number): void => {
    leading.stop();
    leading = new SnapshotSender({ ...ports, chunkBytes: nextChunkBytes });
    state.term += 1;
    leading.want(1, 'b', state.term);
  };
  const untilEnded = async (count = 1) => {
    // Turns are shorter than what the stores wait for: nobody's patience may end meanwhile.
    for (let turns = 0; turns < 200_000 && ended.length < count; turns += 1) {
      await turn();
      if (turns % 100 === 0) leading.tick();
    }
  };
  return { from, to, state, sender, nextTerm, receiver, received, ended, untilEnded, sent };
}

t.test(
  '[PEER-10] [PEER-11] a snapshot arrives whole, and shows only when it is switched to',
  async (t) => {
    const { from, to, sender, received, ended, untilEnded, sent } = await pair();
    await stageDurably(to, [{ key: rowKey(1, 5, Buffer.from('old')), payload: Uint8Array.of(1) }]);
    const before = await rowsOf(to);
    sender.want(1, 'b', 3);
    await untilEnded();
    t.same(ended, [true]);
    t.same(sent, [0, 1, 2]);
    t.match(received, [{ base: BASE }]);
    t.same(await rowsOf(to), before, 'nobody sees what is only received');
    await new Promise<void>((resolve) => to.stageSwitch(1, [], resolve));
    t.same(await rowsOf(to), await rowsOf(from));
  },
);

t.test('what is lost or doubled on the way is sent again, chunk by chunk', async (t) => {
  for (const seed of [1, 2, 3]) {
    const random = new Random(seed);
    const maybe = <T>(value: T): readonly T[] =>
      random.chance(0.3) ? [] : random.chance(0.3) ? [value, value] : [value];
    const { from, to, sender, ended, untilEnded } = await pair({ chunk: maybe, answer: maybe });
    sender.want(1, 'b', 3);
    await untilEnded();
    t.same(ended, [true]);
    await new Promise<void>((resolve) => to.stageSwitch(1, [], resolve));
    t.same(await rowsOf(to), await rowsOf(from));
  }
});

/** The transfer breaks off, and all chunks before this one are held. */
async function brokenOffAt(number: number, chunkBytes?: number) {
  const isCut = { value: true };
  const chunk = (one: SnapshotChunk) => (isCut.value && one.number === number ? [] : [one]);
  const both = await pair({ ...PERFECT, chunk }, chunkBytes);
  both.sender.want(1, 'b', 3);
  while (both.sent.at(-1) !== number) await turn();
  isCut.value = false;
  both.sent.length = 0;
  return both;
}

t.test('[PEER-11] a transfer that broke off is gone on with in a later term', async (t) => {
  const { from, to, nextTerm, ended, untilEnded, sent } = await brokenOffAt(2);
  nextTerm();
  await untilEnded();
  t.same([ended, sent], [[true], [0, 2]], 'what is held is asked for once, and not sent again');
  await new Promise<void>((resolve) => to.stageSwitch(1, [], resolve));
  t.same(await rowsOf(to), await rowsOf(from));
});

t.test('what was held of other chunks does not count, and stands in the way once', async (t) => {
  for (const [before, chunkBytes] of [
    [200_000, 100_000],
    [100_000, 200_000],
  ]) {
    const { from, to, nextTerm, ended, untilEnded } = await brokenOffAt(3, before);
    nextTerm(chunkBytes);
    await untilEnded();
    nextTerm(chunkBytes);
    await untilEnded(2);
    t.same(ended, [false, true]);
    await new Promise<void>((resolve) => to.stageSwitch(1, [], resolve));
    t.same(await rowsOf(to), await rowsOf(from));
  }
});

t.test('what was received and not taken is received again', async (t) => {
  const { sender, receiver, received, nextTerm, ended, untilEnded, sent } = await pair();
  sender.want(1, 'b', 3);
  await untilEnded();
  receiver.forget();
  nextTerm();
  await untilEnded(2);
  t.same([ended, received.length, sent], [[true, true], 2, [0, 1, 2, 0, 1, 2]]);
});

t.test('a damaged chunk is refused, and so is one that does not follow', async (t) => {
  const damaged = (chunk: SnapshotChunk): SnapshotChunk => {
    const bytes = chunk.bytes.slice();
    bytes[100]! ^= 1;
    return { ...chunk, bytes };
  };
  const table: [string, Link['chunk']][] = [
    ['a flipped bit', (chunk) => [chunk.number === 1 ? damaged(chunk) : chunk]],
    ['a gap', (chunk) => [chunk.number === 1 ? { ...chunk, number: 2 } : chunk]],
    ['it ends too early', (chunk) => [{ ...chunk, isLast: chunk.number === 1 }]],
  ];
  for (const [title, chunk] of table) {
    const { sender, received, ended, untilEnded } = await pair({ ...PERFECT, chunk });
    sender.want(1, 'b', 3);
    await untilEnded();
    t.same(ended, [false], title);
    t.same(received, [], title);
  }
});

t.test('chunks of whoever does not lead in this term are refused', async (t) => {
  for (const change of [{ term: 4 }, { leader: 'c' }, { leader: undefined }]) {
    const { state, sender, received, ended, untilEnded } = await pair();
    Object.assign(state, change);
    sender.want(1, 'b', 3);
    await untilEnded();
    t.same([ended, received], [[false], []]);
  }
  const { state, sender, received, ended, sent, untilEnded } = await pair();
  state.commit = 40;
  sender.want(1, 'b', 3);
  await untilEnded();
  t.same([ended, received, sent], [[true], [], [0]], 'what is not needed ends well, at once');
});

t.test('a received snapshot is not overwritten before the core has taken it', async (t) => {
  const store = await storeOf();
  const answers: SnapshotAnswer[] = [];
  const receiver = new SnapshotReceiver({
    group: 1,
    status: () => ({ term: 3, leader: 'a', commit: 0 }),
    isInstalling: () => true,
    clear: () => store.clearOther(1),
    stage: (rows) => store.stageReceived(1, rows),
    received: () => t.fail('it is not taken'),
    answer: (_to, answer) => answers.push(answer),
    fatal: (error) => t.fail(String(error)),
  });
  const chunk = { group: 1, term: 3, base: BASE, number: 0, isLast: true, crc: 0 };
  receiver.chunk('a', { ...chunk, bytes: new Uint8Array(0) });
  for (let turns = 0; turns < 10; turns += 1) await turn();
  t.match(answers, [{ status: 'refused' }]);
});

t.test('two snapshots leave at a time, the third waits for one to end', async (t) => {
  const store = await filledStore();
  const sentTo = new Map<string, SnapshotChunk>();
  const ended: string[] = [];
  const sender = new SnapshotSender({
    open: (group) => store.snapshotRows(group),
    send: (to, chunk) => sentTo.set(to, chunk),
    ended: (_group, to) => ended.push(to),
    fatal: (error) => t.fail(String(error)),
  });
  for (const to of ['b', 'c', 'd']) sender.want(1, to, 3);
  for (let turns = 0; turns < 20; turns += 1) await turn();
  t.same([...sentTo.keys()], ['b', 'c']);
  const answer = { group: 1, term: 3, index: BASE.index, next: 0 };
  sender.answered('c', { ...answer, status: 'refused' });
  for (let turns = 0; turns < 20; turns += 1) await turn();
  t.same([...sentTo.keys()], ['b', 'c', 'd']);
  for (let ticks = 0; ticks < 200; ticks += 1) sender.tick();
  for (let turns = 0; turns < 20; turns += 1) await turn();
  t.same(ended.sort(), ['b', 'c', 'd'], 'followers that take nothing are given up');
  sender.want(1, 'b', 3);
  sender.abandon(1);
  for (let turns = 0; turns < 20; turns += 1) await turn();
  t.equal(ended.length, 3, 'who leads no more tells the core nothing');
});
