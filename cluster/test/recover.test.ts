// A majority of the disks is gone: what is left on one becomes a cluster of its own, over real stores and TLS.

import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import type { Configuration } from '../src/core/entry.ts';
import { encodeCommand, openSession } from '../src/format/command.ts';
import {
  groupsNewerIn,
  inspectNode,
  META,
  type NodeFigures,
  recoverCluster,
  SLOTS,
  type StateMachine,
} from '../src/index.ts';
import type { ClusterNode } from '../src/node/cluster-node.ts';
import type { UnconfirmedCommand } from '../src/node/recovered-log.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { TestNodes } from '../testing/test-nodes.ts';
import { appendUnconfirmed, unplaced } from '../testing/unconfirmed-entries.ts';

t.setTimeout(120_000);

const DIARY = new Uint8Array([1]);
/** Writes down each command, in a row of its group. */
const diary: StateMachine = {
  groupKeys: [DIARY],
  readSet: () => [DIARY],
  apply(rows, command) {
    const value = Buffer.concat([rows(DIARY) ?? bytes(''), bytes('\n'), command]);
    return { writes: [{ key: DIARY, value }], reply: bytes(''), events: [] };
  },
};

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const countOf = (value: Uint8Array | undefined): number =>
  value === undefined ? 0 : Buffer.from(value).readUInt32BE();

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let time = 0; time < 1_000; time += 1) {
    if (isSo()) return;
    await setTimeout(30);
  }
  throw new Error(`it never came to be: ${what}`);
}

t.test(
  'one of three disks is left: it serves all that it held, and a ghost is refused',
  async (t) => {
    const ofGroup = bytes('group');
    const nodes = await TestNodes.init({ ...counterMachine, groupKeys: [ofGroup] }, 3);
    t.teardown(() => nodes.end());
    const [dataDir] = nodes.dataDirs;
    const [first] = await nodes.startAll();
    for (let time = 0; time < 20; time += 1) await first!.submit(time * 3_000, bytes('k'));
    const former = first!.status();
    await t.rejects(inspectNode(dataDir!), { code: 'STORE_IN_USE' });
    for (const at of [0, 1, 2]) await nodes.stop(at);
    await rm(nodes.dataDirs[2]!, { recursive: true });

    const figures = await inspectNode(dataDir!);
    t.match(figures, { name: '1', clusterId: former.clusterId });
    t.equal(figures.groups.length, 3);
    for (const { votes, lastIndex, commitIndex } of figures.groups) {
      t.ok(votes && commitIndex > 0 && commitIndex <= lastIndex);
    }
    const oldFile = await readFile(join(dataDir!, 'node.json'));
    const opening = { command: ofGroup, ruleVersion: 1, reconsider: bodiesOf };
    const { clusterId } = await recoverCluster(dataDir!, opening);
    t.not(clusterId, former.clusterId);

    // As if it had been cut short between the store and node.json.
    await copyFile(join(dataDir!, 'node.json'), join(dataDir!, 'node.json.next'));
    await writeFile(join(dataDir!, 'node.json'), oldFile);
    await t.rejects(nodes.start(0), { code: 'STORE_FOREIGN' });
    t.same(await recoverCluster(dataDir!), { clusterId }, 'the next run finishes it');

    const alone = await nodes.start(0);
    await until('it leads all groups', () => alone.groups.every((group) => alone.isLeader(group)));
    t.match(alone.status(), { clusterId, realm: former.realm, peers: [] });
    for (let time = 0; time < 20; time += 1) {
      t.equal(
        countOf(await alone.get(time * 3_000, bytes('k'))),
        1,
        'what was acknowledged is there',
      );
    }
    const opened = async (cluster: ClusterNode) => {
      await cluster.barrier(0);
      return countOf(await cluster.getOfGroup(cluster.groupOf(0), ofGroup));
    };
    t.equal(await opened(alone), 1, 'the command that opens the new cluster is applied');
    await alone.submit(0, bytes('k'));
    t.equal(countOf(await alone.get(0, bytes('k'))), 2, 'and it goes on');

    const stopped: unknown[] = [];
    const ghost = await nodes.start(1, { onFatal: (error) => stopped.push(error.code) });
    const refusals = () =>
      [0, 1].flatMap((at) => nodes.logs[at]!.lines.map(({ fields }) => String(fields['code'])));
    const isRefusal = (code: string) =>
      /PEER_(UNKNOWN_KEY|WRONG_CLUSTER)|MEMBER_HAS_LEFT/.test(code);
    await until('the ghost is refused', () => refusals().some(isRefusal));
    t.same(alone.status().peers, []);
    t.notOk(ghost.ready());

    const comes = async (name: string) => {
      const { at } = await nodes.join(name, async (node) => {
        await alone.members.add(node);
        return alone.members.view();
      });
      return await nodes.start(at);
    };
    const fourth = await comes('4');
    await comes('5');
    await until('three nodes vote', () => hasVotes(fourth, 3));
    await fourth.submit(0, bytes('k'));
    t.equal(countOf(await fourth.get(0, bytes('k'))), 3, 'a node that joins has all of it');
    t.equal(await opened(fourth), 1, 'and that command as well');
  },
);

const bodiesOf = (commands: readonly UnconfirmedCommand[]) => commands.map(({ body }) => body);

function hasVotes(cluster: ClusterNode, voters: number): boolean {
  return cluster.status().groups.every(({ members }) => members.voters.length === voters);
}

t.test(
  'a majority is gone in the midst of a change of members: the joint voters are let go',
  async (t) => {
    const nodes = await TestNodes.init(counterMachine, 3);
    t.teardown(() => nodes.end());
    const [dataDir] = nodes.dataDirs;
    const [first] = await nodes.startAll();
    await first!.submit(0, bytes('k'));
    for (const at of [0, 1, 2]) await nodes.stop(at);
    const joint = await enterJoint(dataDir!);
    for (const at of [1, 2]) await rm(nodes.dataDirs[at]!, { recursive: true });

    const { groups } = await inspectNode(dataDir!);
    for (const { group, votes, lastIndex, commitIndex } of groups) {
      t.ok(votes, 'it votes in both halves');
      t.equal(lastIndex, joint[group], 'the change is its newest entry');
      t.ok(commitIndex < lastIndex, 'and was never agreed on');
    }
    await recoverCluster(dataDir!);
    const alone = await nodes.start(0);
    await until('it leads all groups', () => alone.groups.every((group) => alone.isLeader(group)));
    await alone.submit(0, bytes('k'));
    t.equal(countOf(await alone.get(0, bytes('k'))), 2);
    for (const { members } of alone.status().groups) {
      t.same(members, { voters: [alone.identity.nodeId], outgoing: [], learners: [] });
    }
  },
);

/** Writes, at the end of each group's log, that two strangers are to take the place of two voters. Gives its indexes. */
function enterJoint(dataDir: string): Promise<readonly number[]> {
  return appendUnconfirmed(dataDir, (group, state, self) => {
    const changed = state.log.entries.findLast(({ configuration }) => configuration !== undefined);
    const { voters } = (changed ?? state.log.base).configuration ?? state.log.base.configuration;
    const configuration: Configuration = {
      voters: [self, 'ee'.repeat(16), 'ff'.repeat(16)],
      outgoing: voters,
      learners: [],
    };
    return [{ ...unplaced(group, state), kind: 'configuration', configuration }];
  });
}

t.test(
  'what was never known to be agreed on comes after the opening command, put as the application says',
  async (t) => {
    const nodes = await TestNodes.init(diary, 3);
    t.teardown(() => nodes.end());
    const [dataDir] = nodes.dataDirs;
    const [first] = await nodes.startAll();
    const { groups } = first!;
    const slots = groups.map((group) =>
      group === 0
        ? META
        : Array.from({ length: SLOTS }, (_, at) => at).find(
            (slot) => first!.groupOf(slot) === group,
          )!,
    );
    for (const slot of slots) await first!.submit(slot, bytes('agreed'));
    for (const at of [0, 1, 2]) await nodes.stop(at);
    for (const at of [1, 2]) await rm(nodes.dataDirs[at]!, { recursive: true });
    const held = await inspectNode(dataDir!);
    await appendUnconfirmed(dataDir!, (group, state) => {
      const { index, entryTimeMs } = state.log.entries.at(-1) ?? state.log.base;
      const said = (sequence: number, text: string) => {
        return { slot: slots[group]!, session: index + 1, sequence, oldest: 0, body: bytes(text) };
      };
      const commands = [
        openSession(new Uint8Array(16).fill(7)),
        said(0, 'one'),
        said(0, 'one again'),
        said(1, 'two'),
      ];
      return commands.map((command) => ({
        ...unplaced(group, state),
        entryTimeMs: entryTimeMs + 60_000,
        command: encodeCommand(command),
      }));
    });
    for (const { group, lastIndex, commitIndex } of (await inspectNode(dataDir!)).groups) {
      t.ok(lastIndex >= commitIndex + 4);
      t.equal(commitIndex, held.groups[group]?.commitIndex);
    }
    const asked: UnconfirmedCommand[] = [];
    await recoverCluster(dataDir!, {
      command: bytes('opening'),
      ruleVersion: 1,
      reconsider(commands) {
        asked.push(...commands);
        return commands.map(({ body }) => bytes(`${Buffer.from(body)}?`));
      },
    });
    const alone = await nodes.start(0);
    await until('it leads all groups', () => alone.groups.every((group) => alone.isLeader(group)));
    const written = async (group: number) => {
      await alone.barrier(slots[group]!);
      const entries = Buffer.from((await alone.getOfGroup(group, DIARY)) ?? '').toString();
      return entries.split('\n').slice(1);
    };
    const [meta, ...shards] = groups;
    t.same(await written(meta!), ['agreed', 'one', 'two'], 'of the meta group nothing is asked');
    for (const shard of shards) {
      t.same(await written(shard), ['agreed', 'opening', 'one?', 'two?'], 'each once');
      await alone.submit(slots[shard]!, bytes('next'));
      t.same((await written(shard)).at(-1), 'next');
    }
    t.equal(asked.length, 3 * shards.length);
    t.ok(asked.every(({ entryTimeMs }) => entryTimeMs > 60_000));
  },
);

t.test('a damaged store is refused, and is as it was', async (t) => {
  const nodes = await TestNodes.init(counterMachine, 1);
  t.teardown(() => nodes.end());
  const [dataDir] = nodes.dataDirs;
  await nodes.startAll();
  await nodes.stop(0);
  const file = await readFile(join(dataDir!, 'node.json'), 'utf8');
  const number = join(dataDir!, 'last-batch');
  await writeFile(number, Buffer.alloc((await readFile(number)).length));
  await t.rejects(recoverCluster(dataDir!), { code: 'STORE_BEHIND' });
  t.equal(await readFile(join(dataDir!, 'node.json'), 'utf8'), file);
});

t.test('of two directories the one with the newer log is told, group by group', async (t) => {
  const of = (...groups: [lastTerm: number, lastIndex: number][]): NodeFigures => ({
    dataDir: '',
    clusterId: '',
    name: '',
    groups: groups.map(([lastTerm, lastIndex], group) => {
      return { group, term: 9, lastTerm, lastIndex, commitIndex: 0, votes: true };
    }),
  });
  t.same(groupsNewerIn(of([1, 5], [2, 3], [2, 9]), of([1, 4], [1, 9], [2, 9])), [0, 1]);
  t.same(groupsNewerIn(of([1, 5]), of([1, 5])), []);
});
