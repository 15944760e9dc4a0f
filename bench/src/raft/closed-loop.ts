// One phase of the load: each lane writes, waits for the acknowledgement, and writes the next. A write that is
// refused is sent again until it is acknowledged, as an application would have to.
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyValueClient } from '@rockpool/cluster/testing';
import type { PhaseReport } from './load-plan.ts';
import { percentile } from './percentile.ts';
import { keyOf, type Write } from './write-plan.ts';

const RETRY_AFTER_MS = 50;
/** Of one write: longer than any election takes. */
const RETRIES_MAX = 200;

export interface ClosedLoopOptions {
  readonly phase: string;
  readonly lanes: number;
  /** One connection to each target; lanes take them in turn. */
  readonly clients: readonly KeyValueClient[];
  readonly valueFor: (write: Write) => Buffer;
  /** CPU seconds of the servers so far. */
  readonly cpuSeconds: () => number;
  readonly settleMs: number;
  readonly seconds: number;
}

export interface ClosedLoopResult {
  readonly report: PhaseReport;
  /** How many writes of each lane. */
  readonly acknowledged: readonly number[];
}

export async function runClosedLoop(options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  const { clients, lanes, cpuSeconds } = options;
  const acknowledged: number[] = new Array(lanes).fill(0);
  let latenciesMs: number[] = [];
  let retries = 0;
  let stopping = false;

  const drive = async (lane: number): Promise<void> => {
    const client = clients[lane % clients.length];
    if (client === undefined) throw new Error('a load without a target');
    for (let number = 0; !stopping; number += 1) {
      const sentMs = performance.now();
      const refused = await putUntilDone(client, options, { phase: options.phase, lane, number });
      retries += refused;
      latenciesMs.push(performance.now() - sentMs);
      acknowledged[lane] = number + 1;
    }
  };

  const measure = async (): Promise<Omit<PhaseReport, 'retries'>> => {
    await sleep(options.settleMs);
    latenciesMs = [];
    const startedMs = performance.now();
    const cpuBefore = cpuSeconds();
    const loadBefore = process.cpuUsage();
    await sleep(options.seconds * 1000);
    const inWindow = latenciesMs;
    latenciesMs = [];
    const elapsedSeconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(loadBefore);
    stopping = true;
    return {
      writes: inWindow.length,
      elapsedSeconds,
      loadCpuSeconds: (user + system) / 1_000_000,
      cpuSeconds: cpuSeconds() - cpuBefore,
      p50Ms: percentile(inWindow, 0.5),
      p99Ms: percentile(inWindow, 0.99),
    };
  };

  const running = Promise.all(Array.from({ length: lanes }, (_, lane) => drive(lane)));
  const [report] = await Promise.all([measure(), running]);
  return { report: { ...report, retries }, acknowledged };
}

/** How often it had to be sent again. */
async function putUntilDone(
  client: KeyValueClient,
  { valueFor }: ClosedLoopOptions,
  write: Write,
): Promise<number> {
  const key = keyOf(write);
  const value = valueFor(write);
  for (let retries = 0; ; retries += 1) {
    try {
      await client.put(key, value);
      return retries;
    } catch (error) {
      if (retries === RETRIES_MAX) throw error;
      await sleep(RETRY_AFTER_MS);
    }
  }
}
