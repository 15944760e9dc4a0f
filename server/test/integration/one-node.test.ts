import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { encodeCbor, FRAME_BYTES_MAX, type Ref } from '@rockpool/protocol';
import { createTestDevice, createTestPerson, createTestPool } from '@rockpool/protocol/testing';
import t from 'tap';
import WebSocket from 'ws';
import { statusCommand } from '../../src/cli/status-command.ts';
import { askStatus } from '../../src/control/control-client.ts';
import { enrolmentOf } from '../kit/envelope-parts.ts';
import { ORIGIN, TestCluster } from '../kit/test-cluster.ts';

const HERE = { origin: ORIGIN, rpId: 'localhost' };
const cluster = await TestCluster.start(1);
t.teardown(() => cluster.discard());
const anna = createTestPerson(HERE);
const pool = createTestPool(anna);
const invite = pool.invite(anna);
pool.append(invite.envelope, anna);
const http = `http://127.0.0.1:${cluster.port('1')}`;

/** What the upgrade is answered with over HTTP. */
function refusedUpgrade(headers: Record<string, string>) {
  return new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    const socket = new WebSocket(`${http.replace('http', 'ws')}/ws`, { headers });
    socket.on('open', () => reject(new Error('it opened')));
    socket.on('error', () => {});
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) }));
    });
  });
}

t.test('[CMD-2] the first-admin link makes one account, for one person', async (t) => {
  const token = await cluster.firstAdminToken('1');
  const client = await cluster.client('1');
  const eve = createTestPerson(HERE);
  const wrong = new Uint8Array(32);
  t.match(await client.register(anna, { token: wrong }), { code: 'AUTH_ADMISSION' });
  t.match(await client.register(anna, { token }), { type: 'ok' });
  t.match(await client.register(anna, { token }), { type: 'ok' }, 'the same person may repeat it');
  t.match(await client.register(eve, { token }), { code: 'AUTH_ADMISSION' });
  t.match(await client.auth(anna), { type: 'ok' });
  t.match(await client.auth(anna), { code: 'AUTH_PROOF' }, '[GW-6] a socket shows one device');
  t.match(await client.statement('pool', pool.ref, pool.genesis), { type: 'ok' });
  t.match(await client.statement('pool', pool.ref, invite.envelope), { type: 'ok' });
  const again = await client.statement('pool', pool.ref, invite.envelope);
  t.match(again, { type: 'ok', head: [1] }, '[CMD-8] a repeated link is answered as done');
  await client.push('changed', ({ chain }) => chain === 'pool'); // the user's own shard knows now
  t.match(await client.request({ type: 'pools' }), { type: 'pools', pools: [pool.ref] }, '[CMD-6]');
  t.equal((await cluster.client('1')).hello.unclaimed, 0);
  await client.close();
});

t.test('[CMD-1] a registration is judged at the door', async (t) => {
  const client = await cluster.client('1');
  const eve = createTestPerson(HERE);
  const admission = client.admission(pool.ref, invite.key, eve);
  const forged = { ...admission, sig: new Uint8Array(64).fill(1) };
  t.match(await client.register(eve, { admission: forged }), { code: 'AUTH_ADMISSION' });
  const elsewhere = createTestPerson({ origin: 'https://evil.example', rpId: 'evil.example' });
  const passkey = await client.register(elsewhere, {
    admission: client.admission(pool.ref, invite.key, elsewhere),
  });
  t.match(passkey, { code: 'AUTH_PASSKEY' }, 'a passkey of another place');
  t.match(await client.auth(eve), { code: 'AUTH_DEVICE_UNKNOWN' }, 'nothing was made');
  await client.close();
});

t.test(
  '[GW-1] a socket from a foreign page, or from no page, is refused with a code',
  async (t) => {
    for (const headers of [{ origin: 'https://evil.example' }, { origin: `${ORIGIN}/` }, {}]) {
      const refused = await refusedUpgrade(headers as Record<string, string>);
      t.match(refused, { status: 403, body: { code: 'AUTH_ORIGIN', remedy: String } });
    }
  },
);

t.test(
  '[GW-3] truncated, unknown and oversized messages end the socket with their codes',
  async (t) => {
    const whole = encodeCbor({ type: 'ping', re: 1 });
    const cases: [Uint8Array | string, number, string][] = [
      [whole.subarray(0, whole.length - 1), 4400, 'PROTOCOL_MALFORMED'],
      [encodeCbor({ type: 'dance', re: 1 }), 4400, 'PROTOCOL_UNKNOWN_FRAME'],
      [encodeCbor({ type: 'ping', re: 1, more: 1 }), 4400, 'PROTOCOL_MALFORMED'],
      ['{"type":"ping"}', 4400, 'PROTOCOL_MALFORMED'],
      [new Uint8Array(FRAME_BYTES_MAX + 1), 4413, 'PROTOCOL_TOO_LARGE'],
      [new Uint8Array(FRAME_BYTES_MAX * 2 + 1), 1009, ''],
    ];
    for (const [message, code, reason] of cases) {
      const client = await cluster.client('1');
      client.sendRaw(message);
      t.same(await client.closed, { code, reason });
    }
  },
);

t.test('[GW-5] a socket that has shown nothing is told so, and goes on', async (t) => {
  const client = await cluster.client('1');
  t.match(await client.request({ type: 'pools' }), { code: 'AUTH_REQUIRED' });
  t.match(await client.statement('pool', pool.ref, pool.genesis), { code: 'AUTH_REQUIRED' });
  t.match(await client.fetch('pool', pool.ref), { code: 'AUTH_REQUIRED' });
  t.match(await client.request({ type: 'ping' }), { type: 'pong' });
  const stranger = createTestPerson(HERE);
  t.match(await client.auth(stranger), { code: 'AUTH_DEVICE_UNKNOWN' });
  t.match(await client.auth(anna, createTestDevice()), { code: 'AUTH_DEVICE_UNKNOWN' });
  await client.close();
});

t.test(
  '[CMD-5] chains are shown to those they concern; for all others there is nothing',
  async (t) => {
    const invited = await cluster.client('1');
    t.match(await invited.prove(pool.ref, invite.key), { type: 'chain', links: { length: 2 } });
    t.match(await invited.fetch('pool', pool.ref, 1), { type: 'chain' }, 'who proved an invite');
    t.match(await invited.fetch('user', anna.ref), { code: 'AUTH_REQUIRED' });
    const carol = createTestPerson(HERE);
    const admission = invited.admission(pool.ref, invite.key, carol);
    t.match(await invited.register(carol, { admission }), { type: 'ok' });
    t.match(await invited.auth(carol), { type: 'ok' });
    await invited.close();

    const outside = await cluster.client('1');
    t.match(await outside.auth(carol), { type: 'ok' });
    const unknown: Ref = [anna.ref[0], new Uint8Array(32)];
    const strip = ({ re: _re, ...answer }: { re: number }) => answer;
    const known = await outside.fetch('user', anna.ref);
    const nobody = await outside.fetch('user', unknown);
    t.match(known, { code: 'CHAIN_UNKNOWN' });
    t.same(strip(known as never), strip(nobody as never), 'the same answer as for an unknown id');
    t.match(await outside.fetch('pool', pool.ref), { code: 'CHAIN_UNKNOWN' });
    t.match(await outside.request({ type: 'watch', pools: [pool.ref] }), {
      code: 'CHAIN_UNKNOWN',
      detail: 'pools[0]',
    });
    t.match(await outside.fetch('user', carol.ref), { type: 'chain' }, 'the own chain');
    const early = createTestPool(carol);
    const refused = await outside.statement('pool', early.ref, early.genesis);
    t.match(refused, { code: 'AUTH_ADMISSION' }, '[CMD-9] not before the first join');
    const joining = await outside.statement('pool', pool.ref, pool.join(carol, invite));
    t.match(joining, { type: 'ok' });
    t.match(await outside.statement('pool', early.ref, early.genesis), { type: 'ok' }, 'after it');
    await outside.close();
  },
);

t.test('a question under a wrong slot does not hide a pool from its members', async (t) => {
  const client = await cluster.client('1');
  await client.auth(anna);
  const own = createTestPool(anna);
  t.match(await client.statement('pool', own.ref, own.genesis), { type: 'ok' });
  const wrong: Ref = [(own.ref[0] + 1) % 65_536, own.ref[1]];
  const [hidden, shown] = await Promise.all([
    client.fetch('pool', wrong),
    client.fetch('pool', own.ref),
  ]);
  t.match(hidden, { code: 'CHAIN_UNKNOWN' });
  t.match(shown, { type: 'chain' });
  await client.close();
});

t.test(
  '[CMD-3] links are taken only from those they speak for, and only when they are right',
  async (t) => {
    const client = await cluster.client('1');
    await client.auth(anna);
    const carol = createTestPerson(HERE);
    const foreign = createTestPool(carol);
    t.match(await client.statement('pool', foreign.ref, foreign.genesis), {
      code: 'CHAIN_AUTHORITY',
    });
    t.match(await client.statement('user', anna.ref, anna.genesis), { code: 'CHAIN_AUTHORITY' });
    const add = anna.deviceAdd().envelope;
    t.match(await client.statement('user', carol.ref, add), { code: 'CHAIN_AUTHORITY' });
    t.match(await client.statement('pool', [1, new Uint8Array(32)], pool.genesis), {
      code: 'CHAIN_MALFORMED',
    });
    t.match(await client.statement('user', anna.ref, new Uint8Array([1])), {
      code: 'CHAIN_MALFORMED',
    });
    const broken = add.slice();
    broken[broken.length - 1]! ^= 1;
    const refused = await client.statement('user', anna.ref, broken);
    t.equal(refused.type, 'error');
    const old = createTestPool(anna);
    const late = old.invite(anna);
    t.match(await client.statement('pool', old.ref, late.envelope), { code: 'CHAIN_UNKNOWN' });
    t.match(
      await client.fetch('user', anna.ref),
      { type: 'chain', links: { length: 1 } },
      'unchanged',
    );
    await client.close();
  },
);

t.test(
  'sign-in whose challenge is not the certificate, or by a stranger, is refused',
  async (t) => {
    const client = await cluster.client('1');
    const stranger = createTestPerson(HERE);
    const theirs = enrolmentOf(stranger.deviceAdd().envelope);
    const enrol = { type: 'enrol', handle: stranger.handle } as const;
    t.match(await client.request({ ...enrol, ...theirs }), { code: 'AUTH_PASSKEY' });
    const mine = enrolmentOf(anna.deviceAdd().envelope);
    const swapped = { ...mine, certificate: theirs.certificate };
    const answer = await client.request({ type: 'enrol', handle: anna.handle, ...swapped });
    t.match(answer, { code: 'AUTH_CHALLENGE' });
    await client.close();
  },
);

t.test('[HUB-6] a signal to a device that is not in the pool is refused', async (t) => {
  const client = await cluster.client('1');
  await client.auth(anna);
  const signal = { type: 'signal', pool: pool.ref, body: new Uint8Array(9) } as const;
  const nobody = createTestDevice().id;
  t.match(await client.request({ ...signal, to: anna.device.id }), { code: 'SIGNAL_NOT_MEMBER' });
  t.match(await client.request({ type: 'watch', pools: [pool.ref] }), { type: 'ok' });
  t.match(await client.request({ ...signal, to: nobody }), { code: 'SIGNAL_NOT_MEMBER' });
  t.match(await client.request({ ...signal, to: anna.device.id }), { type: 'ok' });
  t.match(await client.push('signal'), { from: anna.device.id });
  await client.close();
});

t.test('HTTP: health, headers, page, description; metrics only on their own port', async (t) => {
  t.match(await (await fetch(`${http}/livez`)).json(), { status: 'alive' });
  t.match(await (await fetch(`${http}/readyz`)).json(), { status: 'ready' });
  const page = await fetch(`${http}/`);
  t.match(await page.text(), /<!doctype html>/);
  t.equal(page.headers.get('cache-control'), 'no-cache');
  const policy = page.headers.get('content-security-policy') ?? '';
  t.match(policy, "default-src 'none'");
  t.match(policy, `connect-src 'self' ${ORIGIN.replace('http', 'ws')}`);
  t.match(policy, "require-trusted-types-for 'script'");
  t.equal(page.headers.get('cross-origin-opener-policy'), 'same-origin');
  t.equal(page.headers.get('set-cookie'), null);
  const asset = await fetch(`${http}/assets/app-1234.js`);
  t.match(asset.headers.get('cache-control'), /immutable/);
  t.equal((await fetch(`${http}/../../package.json`)).status, 404);
  const described = (await (await fetch(`${http}/api/openapi.json`)).json()) as { paths: object };
  for (const path of Object.keys(described.paths)) {
    t.not((await fetch(`${http}${path}`)).status, 500, path);
  }
  t.equal((await fetch(`${http}/metrics`)).status, 404);
  t.equal((await fetch(`${http}/x`, { method: 'POST', body: 'x'.repeat(2000) })).status, 413);
  const { metricsPort } = cluster.running.get('1')!;
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  for (const line of [
    /rockpool_refused_total\{code="AUTH_ORIGIN"\} 4/,
    /rockpool_signals_relayed_total\{route="local"\} 1/,
    /rockpool_signal_bytes_total 9/,
    /rockpool_websocket_received_bytes_total \d{3,}/,
    /rockpool_commit_duration_seconds_count \d+/,
    /rockpool_group_leader\{group="0"\} 1/,
    /rockpool_stun_datagrams\{outcome="success"\} 0/,
  ]) {
    t.match(metrics, line);
  }
});

t.test(
  "[CFG-4] the control socket is the node user's own, and refuses what it does not know",
  async (t) => {
    const path = join(cluster.dataDir('1'), 'control.sock');
    t.equal((await stat(path)).mode & 0o777, 0o600);
    t.match(await askStatus(cluster.dataDir('1')), {
      ready: true,
      unclaimed: false,
      pid: process.pid,
    });
    for (const line of [
      '{"op":"wipe"}\n',
      'nonsense\n',
      '{"op":"status","x":1}\n',
      'x'.repeat(70_000),
    ]) {
      t.match(JSON.parse(await say(path, line)), { ok: false, code: 'PROTOCOL_MALFORMED' });
    }
  },
);

t.test('rockpool status says whether STUN answers, since when, and how much', async (t) => {
  const line = /^stun answering {2}port \d+ {2}since 20\S+Z {2}answers \d+ {2}refused \d+$/m;
  const said: string[] = [];
  const terminal = {
    out: (text: string) => void said.push(text),
    error: (text: string) => void said.push(text),
    interactive: true,
    columns: () => 80,
    input: (async function* () {})(),
  };
  const status = (...args: string[]) => {
    const all = ['--data', cluster.dataDir('1'), ...args];
    return statusCommand.run({ args: all, env: {}, terminal, stopped: Promise.resolve() });
  };
  t.equal(await status(), 0);
  t.match(said.join('\n'), line);
  await status('--json');
  const { answers } = JSON.parse(said.at(-1) ?? '').stun;
  t.equal(await status('--json'), 0);
  t.match(JSON.parse(said.at(-1) ?? '').stun, {
    answering: true,
    answers: answers + 1,
    refused: 0,
  });
});

t.test('no secret, name or query reaches the log', async (t) => {
  await fetch(`${http}/?token=canary-5c1d`, { headers: { cookie: 'a=canary-5c1d' } });
  await refusedUpgrade({ origin: 'https://canary-5c1d.example' });
  const log = cluster.logged.join('');
  t.ok(log.length > 0);
  t.notOk(log.includes('canary-5c1d'));
  t.notOk(log.includes(Buffer.from(invite.key.point).toString('hex')));
});

function say(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(line));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}
