// Faults from a seed, one at a time, each for some seconds and then undone. The clock is left alone.
import type { Random } from '@rockpool/cluster/testing';
import { type ChaosCluster, NODES } from './chaos-cluster.ts';
import type { Way } from './ground.ts';

const FAULT_MS = { min: 300, max: 6_000 };
const CALM_MS = { min: 200, max: 4_000 };

/** Puts something right again. */
type Undo = () => Promise<void>;
export type Fault = (cluster: ChaosCluster, random: Random) => Promise<Undo>;

/** Which ways are cut, for nodes in a random order. */
const CUTS: Readonly<Record<string, (a: number, b: number, c: number) => readonly Way[]>> = {
  // Of three nodes this is also the split in halves: one here, two there.
  isolated: (a, b, c) => [...both(a, b), ...both(a, c)],
  // It hears the others and is not heard.
  mute: (a, b, c) => [way(a, b), way(a, c)],
  // It is heard and does not hear.
  deaf: (a, b, c) => [way(b, a), way(c, a)],
  oneWay: (a, b) => [way(a, b)],
  // Two that reach each other only by way of the third.
  bridge: (a, b) => both(a, b),
  allApart: (a, b, c) => [...both(a, b), ...both(a, c), ...both(b, c)],
};

/** Faults of processes alone, and of processes and ways. */
export const PROCESS_FAULTS: Readonly<Record<string, Fault>> = {
  kill: (cluster, random) => killSome(cluster, random.shuffled(NODES).slice(0, 1)),
  killMost: (cluster, random) => killSome(cluster, random.shuffled(NODES).slice(0, 2)),
  killAll: (cluster) => killSome(cluster, NODES),
  pause: (cluster, random) => pauseSome(cluster, random.shuffled(NODES).slice(0, 1)),
  pauseMost: (cluster, random) => pauseSome(cluster, random.shuffled(NODES).slice(0, 2)),
};

export const ALL_FAULTS: Readonly<Record<string, Fault>> = {
  ...PROCESS_FAULTS,
  ...Object.fromEntries(
    Object.entries(CUTS).map(([name, ways]): [string, Fault] => [
      name,
      async (cluster, random) => {
        const [a = 0, b = 1, c = 2] = random.shuffled(NODES);
        await cluster.cutOnly(ways(a, b, c));
        return () => cluster.cutOnly([]);
      },
    ]),
  ),
};

export class Nemesis {
  /** How often each fault was made. */
  readonly counts: Map<string, number>;
  readonly #faults: Readonly<Record<string, Fault>>;
  readonly #cluster: ChaosCluster;
  readonly #random: Random;
  readonly #note: (what: string) => void;
  #waiting: readonly string[] = [];

  constructor(
    faults: Readonly<Record<string, Fault>>,
    cluster: ChaosCluster,
    random: Random,
    note: (what: string) => void,
  ) {
    this.#faults = faults;
    this.counts = new Map(Object.keys(faults).map((name) => [name, 0]));
    this.#cluster = cluster;
    this.#random = random;
    this.#note = note;
  }

  /** Until the signal; every fault is undone when it resolves. */
  async rage(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pass(this.#random.between(CALM_MS.min, CALM_MS.max), signal);
      if (signal.aborted) return;
      const name = this.#nextFault();
      this.#note(name);
      const undo = await this.#faults[name]?.(this.#cluster, this.#random);
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      await pass(this.#random.between(FAULT_MS.min, FAULT_MS.max), signal);
      await undo?.();
      this.#note(`${name} undone`);
    }
  }

  /** Each kind once before any comes again. */
  #nextFault(): string {
    if (this.#waiting.length === 0)
      this.#waiting = this.#random.shuffled(Object.keys(this.#faults));
    const [name = '', ...waiting] = this.#waiting;
    this.#waiting = waiting;
    return name;
  }
}

function way(from: number, to: number): Way {
  return { from, to };
}

function both(a: number, b: number): readonly Way[] {
  return [way(a, b), way(b, a)];
}

async function killSome(cluster: ChaosCluster, nodes: readonly number[]): Promise<Undo> {
  await Promise.all(nodes.map((node) => cluster.kill(node)));
  return async () => {
    for (const node of nodes) await cluster.start(node);
  };
}

async function pauseSome(cluster: ChaosCluster, nodes: readonly number[]): Promise<Undo> {
  for (const node of nodes) cluster.signal(node, 'SIGSTOP');
  return async () => {
    for (const node of nodes) cluster.signal(node, 'SIGCONT');
  };
}

/** Time is what a fault is made of: nothing ends it but the clock. */
function pass(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
