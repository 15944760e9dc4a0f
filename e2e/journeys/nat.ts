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

type Report = (line: string) => void;

const SLOW: LinkQuality = { delayMs: 25, lossPercent: 0.5 };
const ORDINARY = { nat: 'port-restricted' } as const;

export const journey: Journey = {
  name: 'nat',
  summary: 'two homes behind routers of every kind: direct, or told why not and what would help',
  lacks: () => NatLab.lacks(),
  async endure({ write = false, pairs: words }, report) {
    const rows: Row[] = [];
    const more: string[] = [];
    if (words !== undefined) {
      await inLab(undefined, async (lab, servers, people) => {
        const pairs = pairsNamed(words);
        for (const pair of pairs) rows.push(await tryPair(lab, servers, people, pair, report));
      });
      judge(rows);
      return;
    }
    await inLab(undefined, async (lab, servers, people) => {
      more.push(await judgeRouters(lab));
      report(`  ok  ${more.at(-1)}`);
      for (const pair of PAIRS) rows.push(await tryPair(lab, servers, people, pair, report));
      more.push(await changeNetwork(lab, servers, people, report));
      more.push(await loseStun(lab, servers, people, report));
    });
    await inLab(SLOW, async (lab, servers, people) => {
      more.push(await overSlowLink(lab, servers, people, report));
    });
    judge(rows);
    if (write) report(`  written: ${await writeNatMatrix(rows, more)}`);
  },
};

function judge(rows: readonly Row[]): void {
  assert.notEqual(rows.length, 0, 'no pair of routers has that in its name');
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
async function changeNetwork(
  lab: NatLab,
  servers: LabServers,
  people: LabPeople,
  report: Report,
): Promise<string> {
  await settle(lab, servers, people, { a: ORDINARY, b: ORDINARY });
  assert.equal((await people.sees('browser', ['direct'])).outcome, 'direct');
  await people.ada.say('before the move');
  await people.ben.reads('before the move');
  await lab.moveToOther('a', ORDINARY);
  const startedMs = performance.now();
  await people.ada.say('after the move');
  await people.ben.reads('after the move');
  const words =
    `A client moves to another network (${nameOf(ORDINARY)} to the other one's LAN), without a reload: ` +
    `what it says arrives ${secondsSince(startedMs)} s later.`;
  report(`  ok  ${words}`);
  return words;
}

/** One node of three has died, and its STUN with it. */
async function loseStun(
  lab: NatLab,
  servers: LabServers,
  people: LabPeople,
  report: Report,
): Promise<string> {
  await servers.killNode(1);
  await settle(lab, servers, people, { a: ORDINARY, b: ORDINARY });
  const [browser, agent] = await Promise.all([
    people.sees('browser', ['direct']),
    people.sees('agent', ['direct']),
  ]);
  assert.deepEqual([browser.outcome, agent.outcome], ['direct', 'direct']);
  const times = `${browser.seconds.toFixed(1)} s and ${agent.seconds.toFixed(1)} s`;
  const words = `With one node killed, and its STUN silent, the others' are enough: direct after ${times}.`;
  report(`  ok  ${words}`);
  return words;
}

async function overSlowLink(
  lab: NatLab,
  servers: LabServers,
  people: LabPeople,
  report: Report,
): Promise<string> {
  await settle(lab, servers, people, { a: ORDINARY, b: ORDINARY });
  const [browser, agent] = await Promise.all([
    people.sees('browser', ['direct']),
    people.sees('agent', ['direct']),
  ]);
  assert.deepEqual([browser.outcome, agent.outcome], ['direct', 'direct']);
  await people.agent.says('over the hills', POOL);
  await people.ada.reads('over the hills');
  const times = `${browser.seconds.toFixed(1)} s and ${agent.seconds.toFixed(1)} s`;
  const words =
    `With ${SLOW.delayMs} ms and ${SLOW.lossPercent} % loss on each router's way to the world and back, two ` +
    `${ORDINARY.nat} homes connect after ${times}.`;
  report(`  ok  ${words}`);
  return words;
}

function secondsSince(startedMs: number): string {
  return ((performance.now() - startedMs) / 1000).toFixed(1);
}
