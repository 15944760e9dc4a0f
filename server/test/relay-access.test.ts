// Credentials for the operator's TURN servers.
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readConfig } from '../src/config.ts';
import { openRelayAccess } from '../src/turn/relay-access.ts';

const URLS = ['turn:pool.example.org:3479'];
const HOURS_12_MS = 12 * 3_600_000;
const NOW_MS = 1_800_000_000_500;

const dir = await mkdtemp(join(tmpdir(), 'rockpool-turn-'));
t.teardown(() => rm(dir, { recursive: true }));

async function fileOf(text: string): Promise<string> {
  const path = join(dir, `${Math.random()}`);
  await writeFile(path, text);
  return path;
}

t.test('[GW-14] each answer has credentials of its own, which end', async (t) => {
  const file = await fileOf('north-wind\n');
  const relays = openRelayAccess({ urls: URLS, access: { kind: 'secret', file } }, () => NOW_MS);
  const [first, second] = [relays(), relays()];
  for (const { urls, username, credential, expiry } of [first, second]) {
    t.same(urls, URLS);
    t.match(username, /^\d{10}:[0-9a-f]{16}$/);
    t.equal(expiry, Number(username.split(':')[0]) * 1000);
    t.ok(expiry! > NOW_MS + HOURS_12_MS - 1_000 && expiry! <= NOW_MS + HOURS_12_MS);
    t.equal(credential, createHmac('sha1', 'north-wind').update(username).digest('base64'));
  }
  t.not(first.username, second.username);
});

t.test('one password for everybody does not end; without a server there is none', async (t) => {
  const file = await fileOf('open sesame'.replace(' ', '-'));
  const access = { kind: 'password', username: 'pool', file } as const;
  const relays = openRelayAccess({ urls: URLS, access }, () => NOW_MS);
  t.same(relays(), { urls: URLS, username: 'pool', credential: 'open-sesame' });
  const none = openRelayAccess({ urls: [], access: undefined }, () => NOW_MS);
  t.same(none(), { urls: [], username: '', credential: '' });
});

t.test('a file that holds no secret is refused at the start, and not quoted', async (t) => {
  const files = ['', ' \n', 'two words', 'x'.repeat(201), 'a\u0000b'];
  for (const text of files) {
    const file = await fileOf(text);
    const open = () => openRelayAccess({ urls: URLS, access: { kind: 'secret', file } }, Date.now);
    t.throws(open, { code: 'TURN_SECRET_FILE' });
    if (text.trim() !== '') {
      t.throws(open, { message: new RegExp(`^(?!.*${text.slice(0, 9).replace('\0', '.')})`) });
    }
  }
  const file = join(dir, 'missing');
  t.throws(() => openRelayAccess({ urls: URLS, access: { kind: 'secret', file } }, Date.now), {
    code: 'TURN_SECRET_FILE',
    message: /cannot be read/,
  });
});

t.test('[CFG-4] the settings of TURN fit together, or are refused', async (t) => {
  const read = (env: Record<string, string>) => {
    const result = readConfig({ ROCKPOOL_HOST: 'a.example', ...env }, {});
    return result.ok ? result.config.turn : result.problems;
  };
  const urls = 'turn:a.example:3479?transport=udp, turns:[2001:db8::1]:5349';
  t.same(read({}), { urls: [], access: undefined });
  t.same(read({ ROCKPOOL_TURN_URLS: urls, ROCKPOOL_TURN_SECRET_FILE: '/run/turn' }), {
    urls: urls.split(', '),
    access: { kind: 'secret', file: '/run/turn' },
  });
  const password = { ROCKPOOL_TURN_USERNAME: 'all', ROCKPOOL_TURN_PASSWORD_FILE: '/run/pw' };
  t.match(read({ ROCKPOOL_TURN_URLS: urls, ...password }), {
    access: { kind: 'password', username: 'all', file: '/run/pw' },
  });
  const wrong: [Record<string, string>, RegExp][] = [
    [{ ROCKPOOL_TURN_URLS: urls }, /needs ROCKPOOL_TURN_SECRET_FILE/],
    [{ ROCKPOOL_TURN_URLS: urls, ROCKPOOL_TURN_USERNAME: 'all' }, /needs/],
    [{ ROCKPOOL_TURN_SECRET_FILE: '/run/turn' }, /ROCKPOOL_TURN_URLS is missing/],
    [{ ROCKPOOL_TURN_URLS: urls, ROCKPOOL_TURN_SECRET_FILE: '/x', ...password }, /exclude/],
    [{ ROCKPOOL_TURN_URLS: urls, ...password, ROCKPOOL_TURN_USERNAME: 'a b' }, /USERNAME must/],
  ];
  for (const bad of [
    'turn:a.example',
    'stun:a.example:1',
    'turn:a:1?transport=sctp',
    'turn:a b:1',
  ]) {
    wrong.push([{ ROCKPOOL_TURN_URLS: bad, ROCKPOOL_TURN_SECRET_FILE: '/x' }, /TURN_URLS must/]);
  }
  for (const [env, problem] of wrong) t.match(read(env), [problem]);
});
