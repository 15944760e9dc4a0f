// What deploy/README.md promises of the containers, looked up at the engine, the front door and the ports.
import assert from 'node:assert/strict';
import type { Deployment } from './deployment.ts';
import { stunNamesOurPort } from './stun-request.ts';

const STUN_PORT = 3478;
const METRICS_PORT = 9464;
const HSTS_SECONDS_MIN = 15_552_000;
const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** One origin with TLS, a way to each node, and headers that keep foreign pages and code out. */
export async function frontDoorIsSafe(cluster: Deployment): Promise<void> {
  const plain = await cluster.ask({ path: '/x', scheme: 'http' });
  assert.deepEqual([plain.status, plain.headers.location], [308, `${cluster.origin}/x`]);
  for (const node of cluster.nodes) assert.ok(await cluster.isReady(node), `node ${node} is ready`);
  const { status, headers } = await cluster.ask({ path: '/', headers: { accept: 'text/html' } });
  assert.equal(status, 200);
  const [, seconds] = /^max-age=(\d+)/.exec(headers['strict-transport-security'] ?? '') ?? [];
  assert.ok(Number(seconds) >= HSTS_SECONDS_MIN, `HSTS for ${seconds} s`);
  for (const [name, value] of Object.entries(SAFE_HEADERS)) assert.equal(headers[name], value);
  const policy = String(headers['content-security-policy']).split('; ');
  const connect = `connect-src 'self' wss://${cluster.host}`;
  for (const rule of [
    "default-src 'none'",
    "script-src 'self'",
    "frame-ancestors 'none'",
    connect,
  ]) {
    assert.ok(policy.includes(rule), rule);
  }
  const foreign = await cluster.ask({ path: '/n/1/ws', headers: upgradeFrom('https://evil.test') });
  assert.equal(foreign.status, 403);
  assert.match(foreign.body, /AUTH_ORIGIN/);
}

function upgradeFrom(origin: string): Record<string, string> {
  return {
    origin,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  };
}

/** Metrics answer in a node's own container and nowhere else; STUN answers everybody. */
export async function metricsArePrivate(cluster: Deployment): Promise<void> {
  const asked = (host: string) =>
    `fetch('http://${host}:${METRICS_PORT}/metrics', { signal: AbortSignal.timeout(2000) })
       .then((answer) => answer.text(), () => 'nobody answers').then(console.log)`;
  const own = await cluster.exec('node-1', 'node', '--eval', asked('127.0.0.1'));
  assert.match(own, /^rockpool_sockets/m);
  for (const host of ['node-1', 'node-1.peers']) {
    assert.equal(await cluster.exec('node-2', 'node', '--eval', asked(host)), 'nobody answers');
  }
  for (const path of ['/metrics', '/n/1/metrics']) {
    assert.equal((await cluster.ask({ path })).status, 404, path);
  }
  assert.ok(await stunNamesOurPort('127.0.0.1', STUN_PORT));
}

/** No rights beyond its task, nothing published beside the front door, and started again when it dies. */
export async function containersAreConfined(cluster: Deployment): Promise<void> {
  for (const service of confined(cluster)) {
    const { Config, HostConfig } = await cluster.container(service);
    assert.ok(HostConfig.ReadonlyRootfs, `${service} may write to its own file system`);
    assert.deepEqual(HostConfig.CapDrop, ['ALL'], service);
    assert.deepEqual(HostConfig.SecurityOpt, ['no-new-privileges:true'], service);
    assert.equal(HostConfig.RestartPolicy.Name, 'unless-stopped', service);
    const published = Object.keys(HostConfig.PortBindings ?? {}).sort();
    if (service === 'front-door') assert.deepEqual(published, ['443/tcp', '80/tcp']);
    else assert.deepEqual([Config.User, published], ['node', []], service);
  }
  const { State } = await cluster.container('init');
  assert.deepEqual([State.Status, State.ExitCode], ['exited', 0]);
}

/** All that run all the time. */
function confined({ nodes }: Deployment): readonly string[] {
  return [...nodes.map((node) => `node-${node}`), 'stun', 'front-door'];
}

/** What a container is given to mount over appears in the list as an empty path, made by the engine. */
export async function nothingWasWritten(
  cluster: Deployment,
  mounts: readonly string[],
): Promise<void> {
  for (const service of confined(cluster)) {
    const lines = (await cluster.written(service)).split('\n').filter((line) => line !== '');
    const written = lines.map((line) => line.slice(2)).filter((path) => !mounts.includes(path));
    assert.deepEqual(written, [], service);
  }
}
