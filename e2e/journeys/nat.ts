// Two homes behind routers of every kind, with a cluster outside: who connects, how fast, and what the others are told.
import assert from 'node:assert/strict';
import type { Journey } from '../kit/journey.ts';
import { judgeRouters } from '../kit/nat/doctor-verdicts.ts';
import { LabPeople, POOL } from '../kit/nat/lab-people.ts';
import { LabServers } from '../kit/nat/lab-servers.ts';
import {
  isAsExpected,
  nameOf,
  PAIRS,
  type Pair,
  pairsNamed,
  type Row,
  rowInWords,
} from '../kit/nat/matrix.ts';
import { NatLab } from '../kit/nat/nat-lab.ts';
import { writeNatMatrix } from '../kit/nat/nat-matrix-doc.ts';
import type { LinkQuality } from '../kit/nat/slow-link.ts';
import { warnsInContainer } from '../kit/nat/stun-in-container.ts';

type Report = (line: string) => void;

const SLOW: LinkQuality = { delayMs: 25, lossPercent: 0.5 };
const ORDINARY = { nat: 'port-restricted' } as const;

/** What is shown beside the pairs. Resolves to one line for people. */
interface Scene {
  readonly name: string;
  readonly quality?: LinkQuality;
  play(lab: NatLab, servers: LabServers, people: LabPeople): Promise<string>;
}

/** In this order: a node that was killed stays so. */
const SCENES: readonly Scene[] = [
  { name: 'doctor', play: judgeRouters },
  { name: 'STUN in a container', play: warnsInContainer },
  { name: 'another network', play: changeNetwork },
  { name: 'a killed node', play: loseStun },
  { name: 'slow link', quality: SLOW, play: overSlowLink },
];

export const journey: Journey = {
  name: 'nat',
  summary: 'two homes behind routers of every kind: direct, or told why not and what would help',
  lacks: () => NatLab.lacks(),
  async endure({ write = false, pairs: words }, report) {
    const pairs = words === undefined ? PAIRS : pairsNamed(words);
    const scenes = SCENES.filter(({ name }) => words === undefined || name.includes(words));
    assert.notEqual(pairs.length + scenes.length, 0, 'no row has that in its name');
    const rows: Row[] = [];
    const more: string[] = [];
    for (const quality of [undefined, SLOW]) {
      const ofThis = scenes.filter((scene) => scene.quality === quality);
      const pairsOfThis = quality === undefined ? pairs : [];
      if (ofThis.length + pairsOfThis.length === 0) continue;
      await inLab(quality, async (lab, servers, people) => {
        for (const pair of pairsOfThis)
          rows.push(await tryPair(lab, servers, people, pair, report));
        for (const scene of ofThis) {
          more.push(await scene.play(lab, servers, people));
          report(`  ok  ${more.at(-1)}`);
        }
      });
    }
    judge(rows);
    if (write) report(`  written: ${await writeNatMatrix(rows, more)}`);
  },
};

function judge(rows: readonly Row[]): void {
  const wrong = rows.filter((row) => !isAsExpected(row)).map((row) => rowInWords(row).join(' | '));
  assert.deepEqual(wrong, []);
}

async function inLab(
  quality: LinkQuality | undefined,
  use: (lab: NatLab, servers: LabServers, people: LabPeople) => Promise<void>,
): Promise<void> {
  const lab = await NatLab.build(quality);
  try {
    const servers = await LabServers.start(lab);
    try {
      await place(lab, servers, PAIRS[0] ?? { a: ORDINARY, b: ORDINARY });
      const people = await LabPeople.arrive(lab, servers);
      await use(lab, servers, people).finally(() => people.leave());
    } finally {
      await servers.end();
    }
  } finally {
    await lab.remove();
  }
}

async function tryPair(
  lab: NatLab,
  servers: LabServers,
  people: LabPeople,
  pair: Pair,
  report: Report,
): Promise<Row> {
  await settle(lab, servers, people, pair);
  const [browser, agent] = await Promise.all([
    people.sees('browser', pair.expected),
    people.sees('agent', pair.expected),
  ]);
  const row = { pair, browser, agent };
  const cells = rowInWords(row).map((cell, at) => cell.padEnd(at < 2 ? 20 : 36));
  report(`  ${isAsExpected(row) ? 'ok  ' : 'NOT '}${cells.join(' ')}`);
  return row;
}

/** Both homes are as the pair says, and everybody begins anew in them. */
async function settle(
  lab: NatLab,
  servers: LabServers,
  people: LabPeople,
  pair: Pick<Pair, 'a' | 'b'>,
): Promise<void> {
  await place(lab, servers, pair);
  await people.reload();
}

async function place(
  lab: NatLab,
  servers: LabServers,
  { a, b }: Pick<Pair, 'a' | 'b'>,
): Promise<void> {
  await lab.setHome('a', a);
  if (b === 'same LAN') await lab.moveToOther('b', a);
  else await lab.setHome('b', b);
  for (const client of ['a', 'b'] as const) await servers.cutConnections(client);
}

/** A laptop goes from one network to another: the conversation goes on without a reload. */
async function changeNetwork(lab: NatLab, servers: LabServers, people: LabPeople): Promise<string> {
  await settle(lab, servers, people, { a: ORDINARY, b: ORDINARY });
  assert.equal((await people.sees('browser', ['direct'])).outcome, 'direct');
  await people.ada.say('before the move');
  await people.ben.reads('before the move');
  await lab.moveToOther('a', ORDINARY);
  const startedMs = performance.now();
  await people.ada.say('after the move');
  await people.ben.reads('after the move');
  return (
    `A client moves to another network (${nameOf(ORDINARY)} to the other one's LAN), without a reload: ` +
    `what it says arrives ${secondsSince(startedMs)} s later.`
  );
}

/** One node of three has died, and its STUN with it. */
async function loseStun(lab: NatLab, servers: LabServers, people: LabPeople): Promise<string> {
  await servers.killNode(1);
  await settle(lab, servers, people, { a: ORDINARY, b: ORDINARY });
  const [browser, agent] = await Promise.all([
    people.sees('browser', ['direct']),
    people.sees('agent', ['direct']),
  ]);
  assert.deepEqual([browser.outcome, agent.outcome], ['direct', 'direct']);
  const times = `${browser.seconds.toFixed(1)} s and ${agent.seconds.toFixed(1)} s`;
  return `With one node killed, and its STUN silent, the others' are enough: direct after ${times}.`;
}

async function overSlowLink(lab: NatLab, servers: LabServers, people: LabPeople): Promise<string> {
  await settle(lab, servers, people, { a: ORDINARY, b: ORDINARY });
  const [browser, agent] = await Promise.all([
    people.sees('browser', ['direct']),
    people.sees('agent', ['direct']),
  ]);
  assert.deepEqual([browser.outcome, agent.outcome], ['direct', 'direct']);
  await people.agent.says('over the hills', POOL);
  await people.ada.reads('over the hills');
  const times = `${browser.seconds.toFixed(1)} s and ${agent.seconds.toFixed(1)} s`;
  return (
    `With ${SLOW.delayMs} ms and ${SLOW.lossPercent} % loss on each router's way to the world and back, two ` +
    `${ORDINARY.nat} homes connect after ${times}.`
  );
}

function secondsSince(startedMs: number): string {
  return ((performance.now() - startedMs) / 1000).toFixed(1);
}
