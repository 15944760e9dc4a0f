// STUN as an operator runs it: by the nodes of one machine, and alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { probeStun, testNat } from '@rockpool/stun';
import t, { type Test } from 'tap';
import { freeUdpPort } from '../../src/launcher/free-ports.ts';
import { STUN_PORT_SHARED } from '../../src/launcher/local-ports.ts';
import { TestCluster } from '../kit/test-cluster.ts';

/** The kernel gives each client's port to one of the nodes, so that so many reach all of them. */
const CLIENTS = 32;
const HOST = '127.0.0.1';
const COMMAND = join(import.meta.dirname, '../../../bin/rockpool.cjs');
/** A Binding request without attributes (RFC 8489). */
const REQUEST = Buffer.from(`000100002112a442${'07'.repeat(12)}`, 'hex');

if (STUN_PORT_SHARED) {
  t.test('[STUN-17] nodes have one port, which answers until the last has drained', async (t) => {
    const cluster = await TestCluster.start(3);
    t.teardown(() => cluster.discard());
    const [port = 0, ...others] = new Set(
      [...cluster.running.values()].map((node) => node.stunPort),
    );
    t.same(others, []);
    for (const name of [...cluster.running.keys()]) {
      const before = await stunAnswers(cluster);
      for (let asked = 0; asked < CLIENTS; asked += 1) {
        t.ok((await probeStun({ host: HOST, port })).ok, `before node ${name} stops`);
      }
      const counted = (await stunAnswers(cluster)).map((count, at) => count - (before[at] ?? 0));
      t.equal(
        counted.reduce((sum, count) => sum + count),
        CLIENTS,
        counted.join(' + '),
      );
      t.notOk(counted.includes(0), `each of them answered: ${counted.join(', ')}`);
      await cluster.stopNode(name);
    }
    t.same(await probeStun({ host: HOST, port }), { ok: false, code: 'STUN_UNREACHABLE' });
  });
}

/** Of each running node since its start. */
function stunAnswers(cluster: TestCluster): Promise<number[]> {
  return Promise.all(
    [...cluster.running.values()].map(async (node) => (await node.status()).stun?.answers ?? 0),
  );
}

t.test('rockpool stun runs STUN alone, with what its options ask for', async (t) => {
  const [port, alternate] = [await freeUdpPort(), await freeUdpPort()];
  const options = ['--tcp', '--address', `${HOST},127.0.0.2`, '--alternate-port', `${alternate}`];
  const alone = stunCommand(t, '--port', `${port}`, ...options);
  t.match(await alone.line(), `STUN answers on port ${port} of ${HOST}, 127.0.0.2`);
  t.match(await probeStun({ host: '127.0.0.2', port }), { ok: true, address: HOST });
  t.match(await testNat([{ host: HOST, port }]), { mapping: 'steady', filtering: 'anyone' });
  const overTcp = connect(port, HOST).end(REQUEST);
  const [answer] = (await once(overTcp, 'data')) as [Buffer];
  t.equal(answer.readUInt16BE(0), 0x0101);
  const second = stunCommand(t, '--port', `${port}`, '--no-batches');
  t.match(await second.line(), /STUN_PORT_IN_USE/);
  t.equal(await second.ended, 1);
  alone.stop();
  t.equal(await alone.ended, 0);
  t.notOk((await probeStun({ host: HOST, port })).ok);
});

/** The real command, as a process of its own. */
function stunCommand(t: Test, ...options: readonly string[]) {
  const child = spawn(process.execPath, [COMMAND, 'stun', ...options]);
  t.teardown(() => child.kill('SIGKILL'));
  const said = Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')]);
  return {
    /** The first that it says. */
    line: async () => String((await said)[0]),
    ended: once(child, 'exit').then(([code]) => code as number | null),
    stop: () => child.kill('SIGTERM'),
  };
}
