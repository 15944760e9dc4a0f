// The arithmetic of the harness, and that its children, rounds and refusals behave.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { Contestant } from '../src/harness/bench.ts';
import { Child } from '../src/harness/child.ts';
import { nested } from '../src/harness/figures.ts';
import { interleavedRounds } from '../src/harness/interleaved-rounds.ts';
import { cpuSecondsOf, processCpuSeconds } from '../src/harness/process-cpu.ts';
import { resultOf } from '../src/harness/result.ts';
import { spreadOf } from '../src/harness/spread.ts';
import { tableOf } from '../src/harness/table.ts';

const MAIN = join(import.meta.dirname, '..', 'main.ts');
const MACHINE = {
  cpu: 'test',
  cores: 2,
  memoryGib: 4,
  system: 'Linux 6',
  node: '24.0.0',
  loadBefore: 0,
};

t.test('a spread has the middle value, or the mean of the two middle ones', async (t) => {
  t.same(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3 });
  t.same(spreadOf([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
  t.throws(() => spreadOf([]), /no round/);
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { median, min, max } = spreadOf(values);
      return min <= median && median <= max && values.includes(min) && values.includes(max);
    }),
  );
});

t.test('CPU time is read behind a program name that holds anything', async (t) => {
  const numbers = Array.from({ length: 40 }, (_, index) => index + 4);
  // Fields 14 and 15 of the line have the values 14 and 15 here.
  t.equal(cpuSecondsOf(`7 (a) b (c)) S ${numbers.join(' ')}\n`), 0.29);
  t.throws(() => cpuSecondsOf('7 (a) S'), /another form/);
});

t.test('CPU time of a running process grows while it works', async (t) => {
  const before = processCpuSeconds(process.pid);
  let turns = 0;
  while (processCpuSeconds(process.pid) === before && turns < 1_000_000) turns += 1;
  t.ok(processCpuSeconds(process.pid) > before);
});

t.test('each round runs every contestant once and begins with another one', async (t) => {
  const order: string[] = [];
  const contestant = (key: string): Contestant => ({
    key,
    what: key,
    measure: async (seconds) => {
      order.push(key);
      return { seconds };
    },
  });
  const samples = await interleavedRounds(
    ['ours', 'a', 'b'].map(contestant),
    { rounds: 3, seconds: 7 },
    () => {},
  );
  t.same(order, ['ours', 'a', 'b', 'a', 'b', 'ours', 'b', 'ours', 'a']);
  t.same(samples.get('b'), [{ seconds: 7 }, { seconds: 7 }, { seconds: 7 }]);
});

t.test('a ratio is ours divided by the peer inside each round, then the middle', async (t) => {
  const measure = async () => ({ cost: 1 });
  const result = resultOf({
    name: 'test',
    contestants: [
      { key: 'ours', what: 'this', measure },
      { key: 'peer', what: 'that', measure },
    ],
    ratios: [{ key: 'cost', figure: 'cost', peer: 'peer' }],
    samples: new Map([
      ['ours', [{ cost: 2 }, { cost: 9 }, { cost: 3 }]],
      ['peer', [{ cost: 1 }, { cost: 9 }, { cost: 2 }]],
    ]),
    rounds: 3,
    seconds: 1,
    machine: MACHINE,
    commit: { hash: 'abc', changed: true },
    date: '2026-01-01T00:00:00.000Z',
  });
  t.same(result.ours, { cost: 3 });
  t.same(result.peers, { peer: { cost: 2 } });
  t.same(result.ratio, { cost: 1.5 });
  t.same(result.spread['ratio'], { cost: { median: 1.5, min: 1, max: 2 } });
  t.match(
    tableOf(result),
    /ours\s+peer\ncost\s+3 \(2 to 9\)\s+2 \(1 to 9\)\nratio cost 1\.5 \(1 to 2\)/,
  );
  t.match(tableOf(result), /commit abc with changes/);
});

t.test('a dot in the name of a figure or a ratio is a level of the JSON', async (t) => {
  const measure = async () => ({});
  const result = resultOf({
    name: 'test',
    contestants: [
      { key: 'ours', what: 'this', measure },
      { key: 'peer', what: 'that', measure },
    ],
    ratios: [
      { key: 'rate.1', figure: 'rate.1', peer: 'peer' },
      { key: 'rate.64', figure: 'rate.64', peer: 'peer' },
      { key: 'turned', figure: 'rate.1', of: 'peer', peer: 'ours' },
    ],
    samples: new Map([
      ['ours', [{ 'rate.1': 1, 'rate.64': 9, 'split.rate': 7 }]],
      ['peer', [{ 'rate.1': 2, 'rate.64': 3 }]],
    ]),
    rounds: 1,
    seconds: 1,
    machine: MACHINE,
    commit: undefined,
    date: '2026-01-01T00:00:00.000Z',
  });
  t.same(result.ours, { rate: { 1: 1, 64: 9 }, split: { rate: 7 } });
  t.same(result.peers, { peer: { rate: { 1: 2, 64: 3 } } });
  t.same(result.ratio, { rate: { 1: 0.5, 64: 3 }, turned: 2 });
  t.match(tableOf(result), /\nrate\.64\s+9 \(9 to 9\)\s+3 \(3 to 3\)\nsplit\.rate\s+7 .*\)\s+-\n/);
});

t.test(
  'a name that is both a figure and a level is refused, and so is one that repeats',
  async (t) => {
    const refuses = (...names: string[]) =>
      t.throws(() => nested(names.map((name) => [name, 1])), /figure|already/, names.join(' '));
    refuses('rate', 'rate.64');
    refuses('rate.64', 'rate');
    refuses('rate.64', 'rate.64');
  },
);

t.test('a child is stopped when asked, and its failure carries what it printed', async (t) => {
  const start = (code: string) => Child.start({ command: process.execPath, args: ['-e', code] });
  const waiting = await start('setInterval(() => {}, 1000)');
  t.ok(waiting.running);
  await waiting.stop();
  t.notOk(waiting.running);
  await t.rejects((await start('console.log("why"); process.exit(3)')).finished(10_000), /3\nwhy/);
  t.equal(await (await start('console.log("done")')).finished(10_000), 'done\n');
  const told = await Child.start({
    command: process.execPath,
    args: ['-e', 'console.log(process.env.MARK)'],
    environment: { MARK: 'handed over' },
  });
  t.equal(await told.finished(10_000), 'handed over\n');
  await t.rejects(Child.start({ command: 'no-such-program-anywhere', args: [] }), /ENOENT/);
});

t.test('a child answers what it is asked, and says why when it cannot', async (t) => {
  const answerRequests = new URL('../src/harness/answer-requests.ts', import.meta.url);
  const program = `
    import { answerRequests } from '${answerRequests}';
    answerRequests({
      twice: (about) => about + about,
      fail: () => Promise.reject(new Error('no good')),
      end: () => process.exit(3),
    });`;
  const answering = await Child.start({
    command: process.execPath,
    args: ['--input-type=module', '-e', program],
    answers: true,
  });
  t.same(await Promise.all([answering.ask('twice', 'ab'), answering.ask('twice', 'c')]), [
    'abab',
    'cc',
  ]);
  await t.rejects(answering.ask('fail'), /fail: Error: no good/);
  await t.rejects(answering.ask('dance'), /nothing of that name/);
  await t.rejects(answering.ask('end'), /ended with 3/);
  await t.rejects(answering.ask('twice'), /has ended/);
  await answering.stop();
});

t.test('the command lists its benches and refuses what it does not know', async (t) => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      encoding: 'utf8',
      // What starts a process is there, and nothing else.
      env: { PATH: '', NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] },
    });
    return { status, stdout, stderr };
  };
  t.match(run('--list'), {
    status: 0,
    stdout: /^raft\s.*\nfailover\s.*\ngroups\s.*\nreconnect\s.*\nsignal\s.*\nstun\s.*\ntransfer\s/,
  });
  t.match(run('nothing'), { status: 2, stderr: /no bench is called nothing/ });
  t.match(run('stun', '--rounds', '0'), { status: 2, stderr: /rounds are 1 to/ });
  t.match(run('stun', '--what'), { status: 2, stderr: /usage/ });
  t.match(run('stun'), { status: 2, stdout: '', stderr: /Debian package coturn/ });
  t.match(run('raft'), { status: 2, stdout: '', stderr: /Debian package etcd-server/ });
});
