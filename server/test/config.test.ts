import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { loadConfig, readConfig } from '../src/config.ts';
import { VARIABLES } from '../src/config-variables.ts';

t.test('[CFG-3] the host name alone gives origin, relying party id and STUN address', (t) => {
  const read = readConfig({ ROCKPOOL_HOST: 'Pool.example.org' }, {});
  t.match(read, {
    config: {
      publicOrigin: 'https://pool.example.org',
      rpId: 'pool.example.org',
      stunUrls: ['stun:pool.example.org:3478'],
    },
  });
  t.end();
});

t.test('[CFG-3] an own public origin stands in its place, http on localhost only', (t) => {
  const origin = (text: string) => readConfig({ ROCKPOOL_PUBLIC_ORIGIN: text }, {});
  t.match(origin('http://localhost:8080'), {
    config: { publicOrigin: 'http://localhost:8080', rpId: 'localhost' },
  });
  for (const wrong of [
    'http://pool.example.org',
    'https://pool.example.org/path',
    'https://192.0.2.1',
    'pool.example.org',
    'https://user@pool.example.org',
  ]) {
    t.equal(origin(wrong).ok, false, wrong);
  }
  t.end();
});

t.test('[CFG-1] every mistake is named at once, unknown names among them', (t) => {
  const read = readConfig(
    {
      ROCKPOOL_HOST: 'http://x',
      ROCKPOOL_HTTP_PORT: '99999',
      ROCKPOOL_PEER_ADDRESS: 'here',
      ROCKPOOL_PEERS: '1:7400',
      ROCKPOOL_STUN_TCP: 'perhaps',
      ROCKPOOL_STUN_URLS: 'turn:x:1',
      ROCKPOOL_TRUSTED_PROXIES: '10.0.0.0/33',
      ROCKPOOL_LOG_LEVEL: 'loud',
      ROCKPOOL_DATA: `/${'long/'.repeat(40)}`,
      ROCKPOOL_HOSTNAME: 'typo',
      PATH: '/bin',
    },
    { ROCKPOOL_NOTHING: 1, ROCKPOOL_METRICS_PORT: true },
  );
  t.equal(read.ok, false);
  const problems = read.ok ? [] : read.problems;
  for (const name of [
    'ROCKPOOL_HOST',
    'ROCKPOOL_HTTP_PORT',
    'ROCKPOOL_PEER_ADDRESS',
    'ROCKPOOL_PEERS',
    'ROCKPOOL_STUN_TCP',
    'ROCKPOOL_STUN_URLS',
    'ROCKPOOL_TRUSTED_PROXIES',
    'ROCKPOOL_LOG_LEVEL',
    'ROCKPOOL_DATA',
    'ROCKPOOL_HOSTNAME',
    'ROCKPOOL_NOTHING',
    'ROCKPOOL_METRICS_PORT',
  ]) {
    t.equal(problems.filter((words) => words.startsWith(`${name} `)).length, 1, name);
  }
  t.match(readConfig({}, {}), { problems: [/^ROCKPOOL_HOST is missing/] });
  t.end();
});

t.test('[CFG-2] the environment wins over the file, the file over the defaults', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'rockpool-config-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'config.json');
  const file = { ROCKPOOL_HOST: 'a.example', ROCKPOOL_HTTP_PORT: 8081, ROCKPOOL_METRICS_PORT: 0 };
  writeFileSync(path, JSON.stringify(file));
  t.match(loadConfig({ ROCKPOOL_CONFIG: path, ROCKPOOL_HTTP_PORT: '8082' }), {
    config: { http: { port: 8082 }, metrics: { port: 0 }, peer: { port: 7400 }, rpId: 'a.example' },
  });
  writeFileSync(path, '{');
  t.match(loadConfig({ ROCKPOOL_CONFIG: path, ROCKPOOL_LOG_LEVEL: 'x' }), {
    problems: [/not JSON/, /ROCKPOOL_HOST is missing/, /ROCKPOOL_LOG_LEVEL/],
  });
  t.match(loadConfig({ ROCKPOOL_CONFIG: join(dir, 'none') }), {
    problems: [/cannot be read/, /./],
  });
  t.match(readConfig({}, [1]), { problems: [/one JSON object/, /./] });
  t.end();
});

t.test('STUN over TCP, a shared port and a second port are off unless asked for', async (t) => {
  const read = (env: Record<string, string>) => {
    const result = readConfig({ ROCKPOOL_HOST: 'a.example', ...env }, {});
    return result.ok ? result.config.stun : result.problems;
  };
  const off = { tcp: false, sharePort: false, alternatePort: undefined, batched: true };
  t.match(read({}), off);
  const on = {
    ROCKPOOL_STUN_TCP: 'yes',
    ROCKPOOL_STUN_SHARE_PORT: 'yes',
    ROCKPOOL_STUN_ALTERNATE_PORT: '3479',
  };
  t.match(read(on), { tcp: true, sharePort: true, alternatePort: 3479 });
  t.match(read({ ROCKPOOL_STUN_BATCHED: 'no' }), { batched: false });
  t.match(read({ ROCKPOOL_STUN_BATCHED: 'perhaps' }), [/must be yes or no/]);
  t.match(read({ ROCKPOOL_STUN_ALTERNATE_PORT: 'x' }), [/must be a port number/]);
});

t.test('a node behind address translation answers no STUN and still names a server', (t) => {
  const read = readConfig(
    {
      ROCKPOOL_HOST: 'a.example',
      ROCKPOOL_STUN_PORT: '0',
      ROCKPOOL_STUN_URLS: 'stun:a.example:3478, stun:b.example:3478',
      ROCKPOOL_TRUSTED_PROXIES: 'uniquelocal, 192.0.2.7, 2001:db8::/32',
      ROCKPOOL_PEERS: '2=[::1]:7401,3=node-3:7400',
    },
    {},
  );
  t.match(read, {
    config: {
      stun: { port: 0 },
      stunUrls: ['stun:a.example:3478', 'stun:b.example:3478'],
      trustedProxies: ['uniquelocal', '192.0.2.7', '2001:db8::/32'],
    },
  });
  if (read.ok) t.equal(read.config.peers.get('2'), '[::1]:7401');
  t.match(readConfig({ ROCKPOOL_HOST: 'a.example', ROCKPOOL_STUN_PORT: '0' }, {}), {
    config: { stunUrls: [] },
  });
  t.end();
});

t.test('no text in any variable makes the reader throw', (t) => {
  const name = fc.constantFrom(...Object.keys(VARIABLES));
  const property = fc.property(fc.dictionary(name, fc.string()), fc.jsonValue(), (env, file) => {
    const read = readConfig(env, file);
    return read.ok || read.problems.length > 0;
  });
  t.doesNotThrow(() => fc.assert(property));
  t.end();
});

t.test('docs/operations.md lists every variable with its default', (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  for (const [name, { initial }] of Object.entries(VARIABLES)) {
    const shown = initial === '' ? '' : `\`${initial}\``;
    t.ok(page.includes(`| \`${name}\` | ${shown} |`), name);
  }
  t.end();
});
