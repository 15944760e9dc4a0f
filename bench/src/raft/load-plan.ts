// What the bench asks of the load process, and what it hears from it, both as JSON.
import type { Target } from './store-cluster.ts';
import type { Acknowledged } from './write-plan.ts';

export interface Phase {
  /** Lower-case letters and digits: it stands in the keys. */
  readonly name: string;
  /** Clients, each with one write on its way. */
  readonly lanes: number;
  /** Lanes take these in turn. */
  readonly targets: readonly Target[];
  readonly seconds: number;
}

export interface LoadPlan {
  readonly seed: string;
  /** Whose CPU time counts. */
  readonly pids: readonly number[];
  readonly phases: readonly Phase[];
}

export interface PhaseReport {
  /** Acknowledged inside the measured window. */
  readonly writes: number;
  readonly elapsedSeconds: number;
  /** Of the servers. */
  readonly cpuSeconds: number;
  /** Of the load itself. */
  readonly loadCpuSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Writes that were refused and sent again, from the first to the last. */
  readonly retries: number;
}

export interface LoadReport {
  readonly phases: Readonly<Record<string, PhaseReport>>;
  readonly acknowledged: Acknowledged;
}

/** Of each phase, before its window begins. */
export const SETTLE_MS = 300;
