// The rehearsal of a restore: a backup, and then an account, an invite, a join and a device; the node burns down, and whole
// clients bring back to a fresh cluster what it lacks.

import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { TestNode } from '../testing/index.ts';
import { linkAgent } from './kit/link-agent.ts';
import { shortDirectory } from './kit/short-directory.ts';
import { stopForGood, TestPerson } from './kit/test-person.ts';

t.setTimeout(300_000);
const WAIT_MAX_MS = 120_000;
const dir = shortDirectory(t);

interface Status {
  readonly sockets: { readonly device: number };
  readonly grace?: { readonly chains: number; readonly undecided: number };
}

t.test('what was agreed on after the backup comes back, and nothing is lost', async (t) => {
  const node = await TestNode.start(join(dir, 'server'));
  const ada = await TestPerson.create(join(dir, 'ada'), node.origin, await node.adminFragment());
  await ada.rockpool.createPool('Book club');
  const file = join(dir, 'backup');
  t.match(await node.command('backup', file), { code: 0 });
  const ben = await TestPerson.create(join(dir, 'ben'), node.origin, await ada.invite());
  await ada.until('Ben is in', ({ pools }) => pools[0]?.members.length === 2);
  const agent = await linkAgent(join(dir, 'agent'), ada);
  t.teardown(async () => {
    await agent.end('SIGTERM');
    await stopForGood([ada, ben]);
    await node.stop();
  });
  const status = async (): Promise<Status> =>
    JSON.parse((await node.command('status', '--json')).out);
  const until = async (what: string, isSo: (status: Status) => boolean) => {
    const deadline = performance.now() + WAIT_MAX_MS;
    for (;;) {
      const now = await status();
      if (isSo(now)) return;
      if (performance.now() > deadline) throw new Error(`${what}: ${JSON.stringify(now.grace)}`);
      await setTimeout(200);
    }
  };

  await node.restore(file, join(dir, 'server', 'restored'));
  await ada.until('she is told', ({ server }) => server.graceEndsMs !== undefined);
  await until('the pool and her account came back', ({ grace }) => (grace?.chains ?? 0) >= 2);
  await ben.until('his account is taken', ({ server }) => server.status === 'online');
  const early = await ada.rockpool.invite(ada.poolId);
  t.match(early, { ok: false, error: { code: 'CHAIN_GRACE' } });
  t.match(await node.command('grace'), { code: 0, out: /grace for 24 h more/ });

  t.match(await node.command('grace', '--end'), { code: 0 });
  await until('all is settled', ({ grace }) => grace === undefined);
  await until('all three devices are in', ({ sockets }) => sockets.device === 3);
  for (const person of [ada, ben]) {
    await person.until('both are in the pool', ({ pools }) => pools[0]?.members.length === 2);
    t.equal(
      person.rockpool.view().pools[0]?.alarm,
      undefined,
      'one history, and nobody is alarmed',
    );
  }
  t.match(await ada.rockpool.invite(ada.poolId), { ok: true }, 'and it goes on');
  t.match(await node.command('branches'), { out: 'No account or pool waits for a choice.\n' });
});
