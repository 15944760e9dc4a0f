// The disk that is left holds a link of a leader that nobody followed any more; the others acknowledged other ones in its place,
// and are lost.

import { setTimeout } from 'node:timers/promises';
import { writeAlone } from '@rockpool/cluster/testing';
import { createTestPerson } from '@rockpool/protocol/testing';
import t from 'tap';
import { askStatus } from '../../src/control/control-client.ts';
import { encodeCommand } from '../../src/directory/commands.ts';
import { DIRECTORY_RULE_VERSION } from '../../src/directory/create-directory.ts';
import { run } from '../kit/run-command.ts';
import { ORIGIN, TestCluster } from '../kit/test-cluster.ts';

const WAIT_MAX_MS = 60_000;

t.test(
  '[DIR-25] a link that only the disk that is left has gives way to those that were acknowledged',
  async (t) => {
    const cluster = await TestCluster.start(1);
    t.teardown(() => cluster.discard());
    const dataDir = cluster.dataDir('1');
    const anna = createTestPerson({ origin: ORIGIN, rpId: 'localhost' });
    const client = await cluster.client('1');
    await client.register(anna, { token: await cluster.firstAdminToken('1') });
    await client.close();
    await cluster.stopNode('1');
    const { envelope } = anna.deviceAdd();
    const body = encodeCommand({ kind: 'appendUserLink', ref: anna.ref, envelope });
    const [slot] = anna.ref;
    await writeAlone(dataDir, [{ slot, body, ruleVersion: DIRECTORY_RULE_VERSION }]);
    // What the others had agreed on meanwhile.
    for (let at = 0; at < 2; at += 1) anna.append(anna.deviceAdd().envelope);

    const inspected = await run('recover', '--inspect', dataDir);
    t.match(inspected.out, /, 2 not known to be agreed on/);
    t.match(await run('recover', '--yes', '--data', dataDir), { code: 0 });
    await cluster.startNode('1');
    await cluster.ready();
    const again = await cluster.client('1');
    t.match(await again.auth(anna), { type: 'ok' });
    const standing = await again.fetch('user', anna.ref);
    t.match(standing, { type: 'chain', links: { length: 1 } }, 'it does not stand');
    t.match(await askStatus(dataDir), { grace: { chains: 1 } }, 'it is one of the branches');
    const [, ...links] = anna.links;
    const brought = { type: 'offer', chain: 'user', ref: anna.ref, links, evidence: [] } as const;
    t.match(await again.request({ ...brought, parent: anna.ref[1] }), { type: 'ok' });
    t.match(await run('grace', '--end', '--data', dataDir), { code: 0 });
    await until('it is settled', async () => (await askStatus(dataDir)).grace === undefined);
    t.match(await again.fetch('user', anna.ref), {
      links: anna.links.map((link) => ({ envelope: link.envelope })),
    });
    t.match(await run('branches', '--data', dataDir), {
      out: /evidence: links that were not taken, 1 of 1/,
    });
  },
);

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MAX_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it never came to be: ${what}`);
    await setTimeout(50);
  }
}
