// Three server processes of one store on this machine: what the measurement needs of them, whichever they are.
import type { Child } from '../harness/child.ts';

export const REPLICAS = 3;
const READY_TRIES_MAX = 600;
const READY_TRY_MS = 100;

/** Where a lane of the load writes. */
export interface Target {
  readonly system: 'rockpool' | 'etcd';
  readonly port: number;
  /** The place of the rows in a store of several groups. */
  readonly slot: number;
}

export interface StoreCluster {
  readonly pids: readonly number[];
  /** Starts the processes that do not run on what they kept, and waits until each can serve. */
  start(): Promise<void>;
  /** The leader of each group that takes writes: one of etcd's, sixteen of ours. */
  leaders(): Promise<readonly Target[]>;
  /** Each replica of the group that the target writes to. */
  replicas(target: Target): readonly Target[];
  /** Kills the process that leads most, without notice: the groups it led, as a survivor is asked for them. */
  killLeader(killed: () => void): Promise<readonly Target[]>;
  /** All of them at once and without notice, as by loss of power to the processes. */
  kill(): Promise<void>;
}

/** Asks again and again while the processes run; what a try throws counts as not yet. */
export async function untilReady<Answer>(
  children: readonly Child[],
  attempt: () => Promise<Answer | undefined>,
): Promise<Answer> {
  let last: unknown;
  for (let tries = 0; tries < READY_TRIES_MAX; tries += 1) {
    const ended = children.find((child) => !child.running);
    if (ended !== undefined) throw new Error(`a server ended by itself\n${ended.lastWords}`);
    try {
      const answer = await attempt();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, READY_TRY_MS));
  }
  const words = children.map(({ lastWords }) => lastWords).join('\n');
  throw new Error(`the servers do not become ready: ${last}\n${words}`);
}
