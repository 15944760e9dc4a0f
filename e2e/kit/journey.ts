// A journey is a story told on a real cluster in a real browser. The stage sets both up, times each step,
// and takes pictures of every screen when a step fails.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { RunningCluster } from './cluster.ts';
import { Person } from './person.ts';

const STEP_TIMEOUT_MS = 120_000;

/** A story with a name for the command line. */
export interface Journey {
  readonly name: string;
  /** One sentence for `--list`. */
  readonly summary: string;
  tell(stage: Stage): Promise<void>;
}

/** What a journey plays on. */
export class Stage {
  readonly cluster: RunningCluster;
  readonly #browser: Browser;
  readonly #report: (line: string) => void;
  readonly #people: Person[] = [];

  constructor(cluster: RunningCluster, browser: Browser, report: (line: string) => void) {
    this.cluster = cluster;
    this.#browser = browser;
    this.#report = report;
  }

  /** A new person with a browser profile of their own. */
  async person(name: string): Promise<Person> {
    const person = await Person.arrive(this.#browser, name);
    this.#people.push(person);
    return person;
  }

  /** One step of the story, timed. */
  async step<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
    const started = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`took over ${STEP_TIMEOUT_MS} ms`)),
        STEP_TIMEOUT_MS,
      );
    });
    try {
      return await Promise.race([run(), late]);
    } catch (error) {
      throw new Error(`${what}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
      this.#report(`  ${seconds(started)}  ${what}`);
    }
  }

  /** Pictures of every screen and what each browser complained of, for somebody who reads a failure. */
  async evidence(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'rockpool-journey-'));
    const lines = [`screenshots: ${directory}`];
    for (const person of this.#people) {
      await person.screenshot(join(directory, `${person.name}.png`)).catch((error: Error) => {
        lines.push(`no picture of ${person.name}: ${error.message}`);
      });
      lines.push(...person.complaints.map((complaint) => `${person.name}'s browser: ${complaint}`));
    }
    return [...lines, 'the cluster printed last:', this.cluster.output.slice(-3000)].join('\n');
  }
}

/** Plays one journey on a fresh cluster; the answer says whether it ended well. */
export async function play(journey: Journey, report: (line: string) => void): Promise<boolean> {
  const started = performance.now();
  report(`${journey.name}: ${journey.summary}`);
  try {
    await withStage(report, (stage) => journey.tell(stage));
    report(`ok    ${seconds(started)}  ${journey.name}`);
    return true;
  } catch (error) {
    report(error instanceof Error ? (error.stack ?? error.message) : String(error));
    report(`FAIL  ${seconds(started)}  ${journey.name}`);
    return false;
  }
}

async function withStage(
  report: (line: string) => void,
  tell: (stage: Stage) => Promise<void>,
): Promise<void> {
  const cluster = await RunningCluster.start();
  try {
    const browser = await openBrowser();
    const stage = new Stage(cluster, browser, report);
    try {
      await tell(stage);
    } catch (error) {
      report(await stage.evidence());
      throw error;
    } finally {
      await browser.close();
    }
  } finally {
    await cluster.discard();
  }
}

function seconds(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s`;
}
