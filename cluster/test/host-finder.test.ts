import type { LookupAddress } from 'node:dns';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { HostFinder } from '../src/peer/host-finder.ts';

const [HERE, THERE]: LookupAddress[][] = [
  [{ address: '127.0.0.1', family: 4 }],
  [{ address: '127.0.0.2', family: 4 }],
];
const NEVER = new Promise<never>(() => {});
const SOON_MS = 20;

t.test('the system’s word stands, and no server is asked', async (t) => {
  let asked = 0;
  const servers = async () => {
    asked += 1;
    return THERE!;
  };
  const found = new HostFinder({ system: async () => HERE!, servers, soonMs: SOON_MS });
  t.same(await found.find('a'), HERE);
  const notFound = new Error('there is no such name');
  const none = new HostFinder({
    system: () => Promise.reject(notFound),
    servers,
    soonMs: SOON_MS,
  });
  await t.rejects(none.find('a'), notFound);
  await pause(2 * SOON_MS);
  t.equal(asked, 0);
});

t.test('a name that hangs holds up no name, and waits for one lookup at most', async (t) => {
  const lookups: string[] = [];
  let isThere = false;
  const gone = new Error('the servers do not know it');
  const hosts = new HostFinder({
    system: (host) => {
      lookups.push(host);
      return NEVER;
    },
    servers: (host) => (host === 'b' || isThere ? Promise.resolve(THERE!) : Promise.reject(gone)),
    soonMs: SOON_MS,
  });
  for (let dial = 0; dial < 3; dial += 1) await t.rejects(hosts.find('a'), gone);
  t.same(await hosts.find('b'), THERE);
  isThere = true;
  t.same(await hosts.find('a'), THERE, 'one that has come back is found, though its lookup hangs');
  t.same(lookups, ['a', 'b']);
});

t.test('what was looked up once is looked up anew', async (t) => {
  const answers = [HERE!, THERE!];
  const system = async () => answers.shift() ?? [];
  const hosts = new HostFinder({ system, servers: () => NEVER, soonMs: SOON_MS });
  t.same(await hosts.find('a'), HERE);
  t.same(await hosts.find('a'), THERE);
});
