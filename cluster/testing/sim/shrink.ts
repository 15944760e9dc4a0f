// Makes a failure smaller: leaves out kinds of fault, then single blows, and ends the run soon after it
// fails, as long as the same property still does not hold. Delta debugging (Zeller and Hildebrandt, 2002).

import type { Task } from './run-task.ts';
import type { SimulationResult } from './simulation.ts';
import type { Struck } from './strikes.ts';
import { STEADY_KINDS } from './swarm.ts';

/** However long it takes, a failure is worth no more runs than these. */
const RUNS_MAX = 150;

export interface Shrunk {
  readonly task: Task;
  readonly result: SimulationResult;
  readonly runs: number;
}

type Run = (task: Task) => Promise<SimulationResult>;

export async function shrink(run: Run, task: Task, failed: SimulationResult): Promise<Shrunk> {
  const shrinking = new Shrinking(run, task, failed);
  await shrinking.shorten();
  await shrinking.leaveOutKinds();
  await shrinking.leaveOutBlows();
  await shrinking.shorten();
  return shrinking.shrunk;
}

/** What still goes wrong, up to the failure. */
export function scheduleOf({ struck }: SimulationResult): readonly string[] {
  return struck.map(({ name, atMs }: Struck) => `${(atMs / 1_000).toFixed(3)} s ${name}`);
}

class Shrinking {
  readonly #run: Run;
  #task: Task;
  #result: SimulationResult;
  #runs = 0;

  constructor(run: Run, task: Task, failed: SimulationResult) {
    this.#run = run;
    this.#task = task;
    this.#result = failed;
  }

  get shrunk(): Shrunk {
    return { task: this.#task, result: this.#result, runs: this.#runs };
  }

  /** Nothing goes wrong after the last blow that matters. */
  async shorten(): Promise<void> {
    const last = this.#result.struck.at(-1)?.atMs ?? 0;
    const { unsafeMs } = this.#task;
    const untilMs = Math.ceil(Math.min(this.#result.virtualMs, last + 1));
    if (unsafeMs === undefined || untilMs < unsafeMs) await this.#try({ unsafeMs: untilMs });
  }

  async leaveOutKinds(): Promise<void> {
    const struck = this.#result.struck.map(({ name }) => name.replace(/ \d+$/, ''));
    const steady: readonly string[] = this.#task.world === 'core' ? STEADY_KINDS : [];
    for (const kind of new Set([...struck, ...steady])) {
      const { kinds = [], blows = [] } = this.#task.leftOut ?? {};
      await this.#try({ leftOut: { kinds: [...kinds, kind], blows } });
    }
  }

  async leaveOutBlows(): Promise<void> {
    let size = Math.ceil(this.#result.struck.length / 2);
    while (size >= 1) {
      const names = this.#result.struck.map(({ name }) => name);
      let isSmaller = false;
      for (let at = 0; at < names.length; at += size) {
        const { kinds = [], blows = [] } = this.#task.leftOut ?? {};
        const fewer = { kinds, blows: [...blows, ...names.slice(at, at + size)] };
        isSmaller = (await this.#try({ leftOut: fewer })) || isSmaller;
      }
      if (!isSmaller || size > 1) size = size === 1 ? 0 : Math.ceil(size / 2);
    }
  }

  /** True, and kept, if the same property fails. */
  async #try(change: Partial<Task>): Promise<boolean> {
    if (this.#runs >= RUNS_MAX) return false;
    this.#runs += 1;
    const task = { ...this.#task, ...change };
    const result = await this.#run(task);
    if (result.violation?.property !== this.#result.violation?.property) return false;
    this.#task = task;
    this.#result = result;
    return true;
  }
}
