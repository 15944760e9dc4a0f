// Two agents and the commands that talk to them, as processes on a real node, over real WebRTC.

import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { TestNode } from '../testing/index.ts';
import { linkAgent } from './kit/link-agent.ts';
import { shortDirectory } from './kit/short-directory.ts';
import { stopForGood, TestPerson } from './kit/test-person.ts';

// Half a minute on an idle machine; with others beside it, longer.
t.setTimeout(300_000);
const dir = shortDirectory(t);
const node = await TestNode.start(join(dir, 'server'));
const ada = await TestPerson.create(join(dir, 'ada'), node.origin, await node.adminFragment());
await ada.rockpool.renameMe('Ada', 200);
await ada.rockpool.createPool('Book club');
const ben = await TestPerson.create(join(dir, 'ben'), node.origin, await ada.invite());
await ben.rockpool.renameMe('Ben', 100);
const a = await linkAgent(join(dir, 'a'), ada);
const b = await linkAgent(join(dir, 'b'), ben);

t.teardown(async () => {
  await Promise.all([a.end('SIGTERM'), b.end('SIGTERM')]);
  await stopForGood([ada, ben]);
  await node.stop();
});

const hash = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

t.test('what one agent says the other tells, whatever it holds', async (t) => {
  const pools = await a.run(['pools']);
  t.match(pools, { code: 0, out: /pool +id +people +online\nBook club +[0-9a-f]{8} +2 +[01]\n/ });
  const text = 'hello \x1b[31mred\x1b[0m\nand \u009b2J more';
  const said = await a.run(['say', '-', '--to', 'book', '--json'], { input: text });
  t.match(said, { code: 0, errors: /Said in Book club/ });
  t.match(JSON.parse(said.out), { event: 'said', pool: { name: 'Book club' } });
  const heard = await b.event('message');
  t.match(heard, { pool: { name: 'Book club' }, from: { name: 'Ada' } });
  t.match(heard['text'], /^hello .*red/);
});

t.test('a pool that is not there or not clear lists those that are', async (t) => {
  const unknown = await a.run(['say', 'hi', '--to', 'Chess']);
  t.match(unknown, { code: 1, out: '', errors: /"Chess": there is Book club \([0-9a-f]{8}\)/ });
  t.match(await a.run(['say', 'hi']), { code: 2, errors: /--to POOL/ });
});

t.test('files arrive whole, each once, and never take the place of another', async (t) => {
  const into = join(dir, 'into');
  mkdirSync(into);
  const film = randomBytes(3_000_000);
  writeFileSync(join(dir, 'film.mkv'), film);
  writeFileSync(join(dir, 'empty.txt'), '');
  writeFileSync(join(into, 'film.mkv'), 'mine');
  symlinkSync(join(dir, 'elsewhere'), join(into, 'film (2).mkv'));
  const sent = await a.run(['send', 'film.mkv', 'empty.txt', '--to', 'Book club', '--json'], {
    cwd: dir,
  });
  t.match(sent, { code: 0, errors: /film\.mkv is on \d other devices? in Book club/ });
  const lines = sent.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.same(lines.map(({ event }) => event).sort(), ['delivered', 'delivered', 'offered', 'offered']);

  const received = await b.run(['receive', '--from', 'Book', '--into', 'into'], { cwd: dir });
  t.match(received, { code: 0, errors: /film\.mkv \(3\.0 MB\) from Ada in Book club/ });
  t.same(received.out.trim().split('\n').sort(), ['into/empty.txt', 'into/film (3).mkv']);
  t.equal(hash(readFileSync(join(into, 'film (3).mkv'))), hash(film));
  t.equal(readFileSync(join(into, 'film.mkv'), 'utf8'), 'mine');
  t.throws(() => statSync(join(dir, 'elsewhere')), 'nothing went through the link');
  t.same(
    readdirSync(into).filter((name) => name.startsWith('.')),
    [],
    'nothing half is left',
  );

  const none = await b.run(['receive', '--into', into, '--timeout', '0.5', '--json'], { cwd: dir });
  t.match(none, { code: 4, errors: /TIME_OVER/ }, 'each is saved once');
  t.match(JSON.parse(none.out), { event: 'failed', code: 'TIME_OVER' });
});

t.test('a name that would lead elsewhere names a file where it belongs', async (t) => {
  const into = join(dir, 'evil');
  const source = {
    name: '../../.bashrc',
    size: 4,
    mediaType: 'text/plain',
    read: async () => new TextEncoder().encode('evil'),
  };
  await ada.rockpool.offerFile(ada.poolId, source);
  const received = await b.run(['receive', '--into', into, '--json']);
  t.equal(received.code, 0);
  t.match(JSON.parse(received.out), { event: 'saved', path: join(into, '__.._.bashrc'), size: 4 });
  t.same(readdirSync(into), ['__.._.bashrc']);
});

t.test('a download goes on where it was after the agent was killed', async (t) => {
  const size = 48 * 1024 * 1024;
  const content = randomBytes(size);
  writeFileSync(join(dir, 'large.bin'), content);
  const offered = await a.run(['send', 'large.bin', '--to', 'Book', '--no-wait'], { cwd: dir });
  t.match(offered, { code: 0, errors: /large\.bin is offered in Book club/ });
  const large = (event: { readonly [field: string]: unknown }) => event['name'] === 'large.bin';
  const first = await b.event('progress', (event) => large(event) && Number(event['bytes']) > 0);
  const began = performance.now();
  // What is held is on the disk half a second later.
  const isLater = () => performance.now() - began > 700;
  await b.event('progress', (event) => large(event) && isLater());
  await b.end('SIGKILL');
  t.match(await b.run(['pools']), { code: 3, errors: /AGENT_NOT_RUNNING/ });
  b.start();
  const resumed = await b.event('progress', large);
  t.ok(Number(resumed['bytes']) >= Number(first['bytes']), 'what was held is still there');
  const into = join(dir, 'resumed');
  const received = await b.run(['receive', '--into', into]);
  t.match(received, { code: 0, out: `${join(into, 'large.bin')}\n` });
  t.equal(hash(readFileSync(join(into, 'large.bin'))), hash(content));
});

t.test('one directory is one device of one server', async (t) => {
  const second = await a.run(['agent', '--json']);
  t.equal(second.code, 1);
  t.match(JSON.parse(second.out), { event: 'failed', code: 'AGENT_RUNNING' });
  const other = await a.run(['agent', '--server', 'https://pool.example.org']);
  t.match(other, { code: 1, errors: /AGENT_SERVER_OTHER/ });
});

t.test('waiting ends when it is interrupted, and the agent when it is told to', async (t) => {
  const waiting = await b.run(['receive', '--follow'], { interruptAt: 'Waiting for a file' });
  t.match(waiting, { code: 130, out: '' });
  t.equal(await a.end('SIGTERM'), 0, 'by itself, before it would be ended');
  t.match(await a.run(['say', 'hi', '--to', 'Book']), { code: 3 });
});

t.test(
  '[CLI-12] --hide-address is kept until it is said otherwise, and says what it costs',
  async (t) => {
    t.match(await a.run(['agent', '--hide-address', 'maybe']), { code: 2, errors: /yes or no/ });
    // This server has no relay.
    for (const options of [['--hide-address', 'yes'], []]) {
      a.start(...options);
      const hidden = await a.event('status', ({ cannotConnect }) => cannotConnect !== undefined);
      t.match(hidden, { hidesAddress: true, cannotConnect: /ask whoever runs the server/i });
      t.match(await b.run(['say', 'are you there?', '--to', 'Book']), { code: 0 });
      t.equal(await a.end('SIGTERM'), 0);
    }
    a.start('--hide-address', 'no');
    await a.event('message', ({ text }) => text === 'are you there?');
    const shown = await a.event('status', ({ server }) => server === 'online');
    t.match(shown, { hidesAddress: false, cannotConnect: undefined });
    t.equal(await a.end('SIGTERM'), 0);
  },
);
