// The load believes no signal that is not the one that was sent, and every contestant relays for it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { anonymousKibOf, processAnonymousKib } from '../src/harness/process-memory.ts';
import type { Line } from '../src/signal/line.ts';
import { sourceAddress } from '../src/signal/loopback.ts';
import { prepareNode } from '../src/signal/prepared-node.ts';
import { relayToken, tokenFits } from '../src/signal/relay-token.ts';
import { ours, peers, sampleOf } from '../src/signal/signal-bench.ts';
import { SignalLanes } from '../src/signal/signal-lanes.ts';

const ONE_POOL = { few: 0, many: 1 };

interface Sent {
  readonly from: string;
  readonly to: Line;
  readonly body: string;
}

function linesThatKeep(sent: Sent[], count: number): Line[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `line ${i}`,
    send: (to: Line, body: string) => void sent.push({ from: `line ${i}`, to, body }),
  }));
}

t.test('a lane sends the next signal when the last one arrived as it was sent', async (t) => {
  const sent: Sent[] = [];
  const lanes = new SignalLanes([linesThatKeep(sent, 3)]);
  lanes.start();
  for (let i = 0; i < 5; i += 1) {
    t.equal(sent.length, i + 1);
    const { from, to, body } = sent[i] as Sent;
    t.equal(body.length, 1024);
    lanes.heard(to, from, body);
  }
  t.same([lanes.delivered, lanes.wrong, lanes.underway], [5, 0, 1]);
  t.equal(new Set(sent.map(({ body }) => body)).size, 6, 'no body is sent twice');
  lanes.stop();
  const { from, to, body } = sent[5] as Sent;
  lanes.heard(to, from, body);
  t.same([lanes.delivered, lanes.underway, sent.length], [6, 0, 6], 'nothing after the stop');
});

t.test('another body, sender or receiver, and a repeated signal, are wrong', async (t) => {
  const sent: Sent[] = [];
  const lines = linesThatKeep(sent, 3);
  const lanes = new SignalLanes([lines]);
  lanes.start();
  const { from, to, body } = sent[0] as Sent;
  lanes.heard(to, from, `${body.slice(0, -1)} `);
  lanes.heard(to, 'line 2', body);
  lanes.heard(lines[0] as Line, from, body);
  t.same([lanes.delivered, lanes.wrong, lanes.underway], [0, 3, 1]);
  lanes.heard(to, from, body);
  lanes.heard(to, from, body);
  t.same([lanes.delivered, lanes.wrong], [1, 4]);
});

t.test('a run with a wrong, lost or no signal is no sample', async (t) => {
  const right = { kibFew: 1000, kibMany: 1640, delivered: 4000, wrong: 0, lost: 0 };
  const report = { ...right, cpuSeconds: 0.2, elapsedSeconds: 2 };
  t.same(sampleOf(report, ONE_POOL), {
    kibPerSocket: 20,
    cpuPerSignal: 50,
    signalsPerSecond: 2000,
  });
  for (const bad of [{ wrong: 1 }, { lost: 1 }, { delivered: 0 }]) {
    t.throws(() => sampleOf({ ...report, ...bad }, ONE_POOL), /not every signal/);
  }
});

t.test('anonymous memory is read to the page, and follows what a process holds', async (t) => {
  t.equal(anonymousKibOf('Rss:  9 kB\nPss_Anon:  8 kB\nAnonymous:      1234 kB\n'), 1234);
  t.throws(() => anonymousKibOf('Rss: 9 kB'), /another form/);
  const before = processAnonymousKib(process.pid);
  const held = Buffer.alloc(64 * 2 ** 20, 1);
  t.ok(processAnonymousKib(process.pid) > before + 60_000, `${held.length} bytes show`);
});

t.test('a token fits its own id alone', async () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (id, other) => {
      return (
        tokenFits(id, relayToken(id)) &&
        !tokenFits(id, other) &&
        (id === other || !tokenFits(other, relayToken(id)))
      );
    }),
  );
});

t.test('sources are loopback addresses, each its own', async (t) => {
  const sources = Array.from({ length: 5000 }, (_, index) => sourceAddress(index));
  t.equal(new Set(sources).size, 5000);
  t.ok(sources.every((source) => /^127\.1\.\d+\.\d+$/.test(source)));
});

t.test('a handful of sockets and half a second of signals: ours and every peer', async (t) => {
  // Not below t.testdir(): its path is too long for the node's Unix socket.
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-bench-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const node = await prepareNode(directory, ONE_POOL.many);
  const contestants = [ours(node, ONE_POOL), ...(await peers(ONE_POOL))];
  // One after another, as the bench does: all at once they would starve each other.
  const samples = [];
  for (const { measure } of contestants) samples.push(await measure(0.5));
  t.same(
    contestants.map(({ key }) => key),
    ['ours', 'ws', 'fastify', 'peerjs'],
  );
  for (const [i, sample] of samples.entries()) {
    const key = contestants[i]?.key;
    t.ok(Number.isFinite(sample['kibPerSocket']), `${key}: memory was read`);
    t.ok(sample['cpuPerSignal'], `${key}: CPU time was counted`);
    t.ok(sample['signalsPerSecond'], `${key}: signals arrived`);
  }
});
