/*
 * What ten thousand sockets that come back at once do to the cluster: three nodes as shipped, to which all of them
 * connect and prove a device, twice, while people go on to enrol through the same nodes. An election in that time is a failure.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, Sample } from '../harness/bench.ts';
import { Child } from '../harness/child.ts';
import { enrolOn } from '../signal/prepared-node.ts';
import type { FloodOrder, FloodReport } from './flood-order.ts';
import { type Standing, ThreeNodes } from './three-nodes.ts';

const SOCKETS = 10_000;
/** Their devices: each comes with several sockets, as far as its node can tell. */
const POOLS = 2;
/** Half a minute where nothing else runs. */
const FLOOD_MAX_MS = 600_000;
const FLOOD = join(import.meta.dirname, 'flood-main.ts');

export const reconnectBench: Bench = {
  name: 'reconnect',
  summary: 'ten thousand sockets come and come back at once, with their signatures: no election',
  async lacks() {
    return process.platform === 'linux' ? undefined : 'it needs all of 127.0.0.0/8';
  },
  async contestants() {
    const what = 'three nodes as shipped, production settings, while people enrol';
    return [{ key: 'ours', what, measure }];
  },
  usualRounds: 1,
  ratios: [],
};

async function measure(): Promise<Sample> {
  const { report, before, after } = await measureReconnects(SOCKETS, POOLS);
  return sampleOf(report, before, after);
}

interface Reconnects {
  readonly report: FloodReport;
  readonly before: Standing;
  readonly after: Standing;
}

async function measureReconnects(sockets: number, pools: number): Promise<Reconnects> {
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-bench-'));
  try {
    const nodes = await ThreeNodes.start(directory);
    try {
      const membersPath = join(directory, 'members.json');
      const [place] = nodes.places;
      if (place === undefined) throw new Error('no node was started');
      await enrolOn(place, membersPath, pools);
      const before = await nodes.standing();
      const ports = nodes.places.map(({ port }) => port);
      const people = new Newcomers(place, directory);
      const report = await flood({ membersPath, ports, sockets });
      await people.stop();
      return { report, before, after: await nodes.standing() };
    } finally {
      await nodes.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Throws when there was an election, or nobody could write meanwhile. */
export function sampleOf(report: FloodReport, before: Standing, after: Standing): Sample {
  const elections = after.terms - before.terms;
  const isSame = before.leaders.every((leader, at) => leader === after.leaders[at]);
  if (elections > 0 || !isSame) {
    throw new Error(`${elections} terms began while the sockets came: ${JSON.stringify(report)}`);
  }
  const commits = after.commits - before.commits;
  if (commits === 0) throw new Error('nothing was committed while the sockets came');
  return { ...report, elections, commits, loopLagMs: after.loopLagMs };
}

async function flood(order: FloodOrder): Promise<FloodReport> {
  const args = [FLOOD, JSON.stringify(order)];
  const child = await Child.start({ command: process.execPath, args });
  return JSON.parse(await child.finished(FLOOD_MAX_MS));
}

/** People who enrol one pool after another, until they are told to stop. */
class Newcomers {
  readonly #ended: Promise<void>;
  #isStopped = false;

  constructor(place: { readonly data: string; readonly port: number }, directory: string) {
    this.#ended = this.#enrol(place, join(directory, 'newcomers.json'));
    // Looked at by stop(); until then it is no news.
    this.#ended.catch(() => {});
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#ended;
  }

  async #enrol(
    place: { readonly data: string; readonly port: number },
    path: string,
  ): Promise<void> {
    while (!this.#isStopped) await enrolOn(place, path, 1);
  }
}
