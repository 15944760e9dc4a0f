// The whole run: a cluster, clients, faults; then all is healed, every replica is read, and the history is judged.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkHistory, KvNodeClient, Random } from '@rockpool/cluster/testing';
import { ChaosCluster, NODES } from './chaos-cluster.ts';
import { Clients, SLOTS } from './clients.ts';
import type { Ground } from './ground.ts';
import { type Fault, Nemesis } from './nemesis.ts';

const MINUTE_MS = 60_000;
const LOOK_MS = 250;
const LAST_READ_TRIES_MAX = 40;

export interface TormentOptions {
  readonly ground: Ground;
  readonly faults: Readonly<Record<string, Fault>>;
  readonly minutes: number;
  readonly seed: number;
  readonly report: (line: string) => void;
}

/** Rejects on a violation, and keeps histories and logs; else nothing stays. The ground is removed. */
export async function torment(options: TormentOptions): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-chaos-'));
  const cluster = await ChaosCluster.make(directory, options.ground);
  const run = new Run(cluster, options);
  const interrupted = (): void => run.stop();
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    await run.play();
  } catch (error) {
    await run.keepEvidence();
    options.report(`histories, faults and the nodes' logs: ${directory}`);
    throw error;
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await cluster.end();
  }
  await rm(directory, { recursive: true, force: true });
}

class Run {
  readonly #cluster: ChaosCluster;
  readonly #options: TormentOptions;
  readonly #clients: Clients;
  readonly #nemesis: Nemesis;
  readonly #faults: { readonly atMs: number; readonly what: string }[] = [];
  /** By slot and term. */
  readonly #leaders = new Set<string>();
  readonly #groups = new Set<number>();
  readonly #end = new AbortController();

  constructor(cluster: ChaosCluster, options: TormentOptions) {
    const random = new Random(options.seed);
    this.#cluster = cluster;
    this.#options = options;
    this.#clients = new Clients((node) => cluster.socketOf(node), random.fork('clients'));
    this.#nemesis = new Nemesis(options.faults, cluster, random.fork('nemesis'), (what) => {
      this.#faults.push({ atMs: performance.now(), what });
    });
  }

  stop(): void {
    this.#end.abort();
  }

  async play(): Promise<void> {
    const { minutes, seed, report } = this.#options;
    const { signal } = this.#end;
    report(`  seed ${seed}, ${minutes} minutes`);
    const everyMinute = setInterval(() => report(`  ${this.#counts()}`), MINUTE_MS);
    const look = setInterval(() => void this.#lookForLeaders(), LOOK_MS);
    const timer = setTimeout(() => this.stop(), minutes * MINUTE_MS);
    try {
      const parts = [this.#clients.work(signal), this.#nemesis.rage(signal)];
      await Promise.all(parts).finally(() => this.stop());
    } finally {
      clearTimeout(timer);
      clearInterval(look);
      clearInterval(everyMinute);
    }
    await this.#cluster.untilReady();
    await this.#readEverywhere();
    await this.#judge();
    report(`  ${this.#counts()}`);
  }

  async keepEvidence(): Promise<void> {
    const { directory } = this.#cluster;
    const lines = this.#clients.history.map((operation) => JSON.stringify(operation));
    const faults = this.#faults.map(({ atMs, what }) => `${atMs.toFixed(1)} ${what}`);
    await writeFile(join(directory, 'history.jsonl'), `${lines.join('\n')}\n`);
    await writeFile(join(directory, 'faults.txt'), `${faults.join('\n')}\n`);
  }

  #counts(): string {
    const { answered, refused, unknown, longestGap } = this.#clients;
    const meanwhile = this.#faults
      .filter(({ atMs }) => atMs >= longestGap.fromMs && atMs <= longestGap.toMs)
      .map(({ what }) => what);
    const gapSeconds = ((longestGap.toMs - longestGap.fromMs) / 1000).toFixed(1);
    const faults = [...this.#nemesis.counts].map(([name, count]) => `${name} ${count}`).join(', ');
    return [
      `${answered} operations, ${unknown} unknown, ${refused} refused`,
      `faults: ${faults}`,
      `${this.#leaders.size} leaders of ${this.#groups.size} groups`,
      `longest without a commit ${gapSeconds} s (${meanwhile.join(', ')})`,
    ].join('; ');
  }

  async #lookForLeaders(): Promise<void> {
    for (const node of NODES) {
      // A node that is down or cut short has nothing to say.
      const state = await this.#cluster.stateOf(node).catch(() => undefined);
      for (const { slot, leads, term } of state?.groups ?? []) {
        this.#groups.add(slot);
        if (leads) this.#leaders.add(`${slot} ${term} ${node}`);
      }
    }
  }

  /** Each key once more by each node, in the history, and each kept row on each replica. */
  async #readEverywhere(): Promise<void> {
    for (const node of NODES) {
      for (const slot of SLOTS) {
        const client = await KvNodeClient.open(this.#cluster.socketOf(node), slot);
        await this.#readCurrent(node, slot);
        const rows = await allRows(client);
        client.close();
        const missing = this.#clients.kept.filter(
          (row) => row.slot === slot && rows.get(row.key) !== row.value,
        );
        if (missing.length > 0) {
          const names = missing.map(({ key }) => key).slice(0, 10);
          throw new Error(`node ${node + 1} lost acknowledged rows: ${names.join(', ')}`);
        }
      }
    }
  }

  async #readCurrent(node: number, slot: number): Promise<void> {
    for (const key of this.#clients.keysOf(slot)) {
      for (let tries = 0; ; tries += 1) {
        const read = await this.#clients.call(node, slot, key, { kind: 'read' });
        if (read?.outcome !== undefined) break;
        if (tries === LAST_READ_TRIES_MAX) throw new Error(`node ${node + 1} does not read ${key}`);
      }
    }
  }

  async #judge(): Promise<void> {
    if (this.#cluster.endedByThemselves.length > 0) {
      throw new Error(this.#cluster.endedByThemselves.join('; '));
    }
    const judged = checkHistory(this.#clients.history);
    if (judged.verdict === 'linearizable') return;
    const operation =
      judged.verdict === 'violated' ? ` at ${JSON.stringify(judged.operation)}` : '';
    throw new Error(`the history of ${judged.key} is ${judged.verdict}${operation}`);
  }
}

async function allRows(client: KvNodeClient): Promise<ReadonlyMap<string, string>> {
  const rows = new Map<string, string>();
  for (let after: Buffer | undefined; ; ) {
    const page = await client.page(after);
    for (const { key, value } of page) rows.set(key.toString(), value.toString());
    after = page.at(-1)?.key;
    if (after === undefined) return rows;
  }
}
