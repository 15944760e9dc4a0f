import type { Cluster } from '@rockpool/cluster';
import { MEETING_TRIES_MAX, MEETING_TRIES_WINDOW_MS } from '@rockpool/protocol';
import { createTestPerson } from '@rockpool/protocol/testing';
import t from 'tap';
import type { CommandContext } from '../src/commands/command-context.ts';
import { DirectoryView } from '../src/commands/directory-view.ts';
import { tryMeeting } from '../src/commands/try-meeting.ts';
import { MemoryCluster } from './directory/memory-cluster.ts';

const NOW = 1_800_000_000_000;

function place() {
  const memory = new MemoryCluster(NOW);
  const person = createTestPerson({ nowMs: NOW });
  const genesis = { kind: 'putUserGenesis', envelope: person.genesis } as const;
  memory.apply(person.ref[0], { ...genesis, admittedBy: { by: 'admin' } });
  const cluster = memory as unknown as Cluster;
  const nowMs = () => memory.timeMs;
  const view = new DirectoryView(cluster, nowMs);
  const context = { cluster, view, nowMs, committed: () => {} } as unknown as CommandContext;
  return { memory, person, context };
}

t.test('[HUB-12] a device that goes on trying codes fills no log', async (t) => {
  const { memory, person, context } = place();
  const [entry] = person.state.devices;
  if (entry === undefined) throw new Error('no device');
  const tried = () => tryMeeting(context, { user: person.ref, entry });
  for (let i = 0; i < MEETING_TRIES_MAX; i++) t.match(await tried(), { ok: true });
  const entries = memory.log.length;
  t.match(await tried(), { code: 'LINK_TRIES' });
  const temporary = { user: person.ref, entry: { ...entry, capability: 'temporary' } as const };
  memory.timeMs += MEETING_TRIES_WINDOW_MS;
  t.match(await tryMeeting(context, temporary), { code: 'CHAIN_AUTHORITY' });
  t.equal(memory.log.length, entries, 'what must fail never reaches the log');
  t.match(await tried(), { ok: true }, 'the window is over');
});
