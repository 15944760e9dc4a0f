import { createTestPerson } from '@rockpool/protocol/testing';
import t from 'tap';
import { createGraceKeeper } from '../src/grace/create-grace-keeper.ts';
import { branchesOf } from '../src/grace/grace-queries.ts';
import { graceStatus } from '../src/grace/grace-status.ts';
import { GRACE_ID, GRACE_MS, HOUR_MS, NOW, RestoredCluster } from './directory/restored-cluster.ts';

/** A keeper whose next look comes when the test says so. */
function keeperOf(cluster: RestoredCluster) {
  let next: (() => void) | undefined;
  const failures: unknown[] = [];
  const keeper = createGraceKeeper({
    cluster,
    timers: {
      after: (_delayMs, run) => {
        next = run;
        return () => {
          next = undefined;
        };
      },
    },
    nowMs: () => cluster.timeMs,
    onFailure: (_group, reason) => failures.push(reason),
  });
  const look = async () => {
    const run = next;
    next = undefined;
    run?.();
    while (next === undefined) await new Promise(setImmediate);
  };
  return { keeper, look, failures };
}

t.test(
  'the leader of a group lets its grace begin, waits, and then has branches chosen',
  async (t) => {
    const cluster = new RestoredCluster();
    const anna = createTestPerson({ nowMs: NOW });
    cluster.knowsUser(anna);
    cluster.apply(0, { kind: 'openGrace', grace: GRACE_ID, lengthMs: GRACE_MS });
    cluster.timeMs += HOUR_MS;
    anna.append(anna.deviceAdd({ nowMs: NOW + 1 }).envelope, NOW + 1);
    cluster.bringsUser(anna, 0);
    const { keeper, look, failures } = keeperOf(cluster);
    cluster.setLeader(false);
    await look();
    t.equal((await cluster.grace())?.begun, undefined, 'it is for the leader to do');
    cluster.setLeader(true);
    await look();
    t.match(await cluster.grace(), { begun: NOW + HOUR_MS, until: NOW + HOUR_MS + GRACE_MS });
    cluster.timeMs += GRACE_MS - 1;
    const length = cluster.log.length;
    await look();
    t.equal(cluster.log.length, length, 'nothing is asked before its time');
    cluster.timeMs += 1;
    await look();
    t.equal(await branchesOf(cluster, anna.ref), undefined);
    t.same(cluster.count('U'), 2);
    const settled = cluster.log.length;
    await look();
    t.equal(cluster.log.length, settled, 'once is enough');
    t.same(failures, []);
    await keeper.stop();
  },
);

t.test('what waits for a person is asked for no more', async (t) => {
  const cluster = new RestoredCluster();
  const anna = createTestPerson({ nowMs: NOW });
  cluster.knowsUser(anna);
  cluster.restored();
  for (const at of [1, 2]) {
    const fork = anna.fork();
    fork.append(fork.deviceAdd({ nowMs: NOW + at }).envelope, NOW + at);
    cluster.bringsUser(fork, 0);
  }
  cluster.over();
  const { keeper, look, failures } = keeperOf(cluster);
  await look();
  t.equal((await branchesOf(cluster, anna.ref))?.open?.length, 2);
  const length = cluster.log.length;
  await look();
  t.equal(cluster.log.length, length);
  t.same(failures, []);
  await keeper.stop();
});

t.test('however many chains wait for a person, the others go on', async (t) => {
  const cluster = new RestoredCluster();
  const people = Array.from({ length: 80 }, () => createTestPerson({ nowMs: NOW }));
  people.sort((a, b) => a.ref[0] - b.ref[0]);
  for (const person of people) cluster.knowsUser(person);
  cluster.restored();
  for (const person of people.slice(0, 70)) {
    for (const at of [1, 2]) {
      const fork = person.fork();
      fork.append(fork.deviceAdd({ nowMs: NOW + at }).envelope, NOW + at);
      cluster.bringsUser(fork, 0);
    }
  }
  for (const person of people.slice(70)) {
    person.append(person.deviceAdd({ nowMs: NOW + 1 }).envelope, NOW + 1);
    cluster.bringsUser(person, 0);
  }
  cluster.over();
  const { keeper, look, failures } = keeperOf(cluster);
  await look();
  await look();
  t.match(await graceStatus(cluster, cluster.timeMs), { chains: 70, undecided: 70 });
  t.same(failures, []);
  await keeper.stop();
});
