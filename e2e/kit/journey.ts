// A journey is a story told in a real browser, on a real cluster unless it only looks at screens; or nodes under faults. The stage
// sets both up, times each step, and takes pictures of every screen when a step fails.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { openBrowser } from './browser.ts';
import type { Places } from './canary.ts';
import { RunningCluster } from './cluster.ts';
import { Deployment } from './deployment.ts';
import { Person } from './person.ts';
import type { Servers } from './servers.ts';

const STEP_TIMEOUT_MS = 180_000;

/** A story with a name for the command line. */
export type Journey = ClusterJourney | DeploymentJourney | FaultJourney | ScreenJourney;

interface Named {
  readonly name: string;
  /** One sentence for `--list`. */
  readonly summary: string;
  /**
   * What this machine lacks for it, in one sentence; undefined when nothing. A journey that needs more
   * than a browser is played only when it is asked for by name.
   */
  lacks?(): Promise<string | undefined>;
}

interface ClusterJourney extends Named {
  tell(stage: Stage): Promise<void>;
}

/** One told on `deploy/`, brought up in containers. */
interface DeploymentJourney extends Named {
  deploy(stage: Stage<Deployment>): Promise<void>;
}

/** One without a browser: nodes under faults. */
interface FaultJourney extends Named {
  endure(options: PlayOptions, report: (line: string) => void): Promise<void>;
}

/** One that looks at screens with made-up people: no server runs. */
interface ScreenJourney extends Named {
  look(studio: Studio): Promise<void>;
}

/** What the command line asks of the journeys that it plays. */
export interface PlayOptions {
  /** Where pictures go, for journeys that look at screens. */
  readonly shotsDirectory?: string | undefined;
  /** How long, for journeys that go on for as long as they are let. */
  readonly minutes?: number | undefined;
  /** Where chance begins, to meet the same faults again. */
  readonly seed?: number | undefined;
  /** Of a table of pairs, those with these words in their name. */
  readonly pairs?: string | undefined;
  /** Keep what was seen in the document about it. */
  readonly write?: boolean;
}

/** A browser, and a clock for the steps taken in it. */
export class Studio {
  readonly browser: Browser;
  readonly options: PlayOptions;
  readonly #report: (line: string) => void;

  constructor(browser: Browser, options: PlayOptions, report: (line: string) => void) {
    this.browser = browser;
    this.options = options;
    this.#report = report;
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
}

/** Somebody whose screen tells how it came to a failure. */
export interface Witness {
  readonly name: string;
  /** What their browser complained of. */
  readonly complaints: readonly string[];
  screenshot(path: string): Promise<void>;
}

interface Guest extends Witness {
  close(): Promise<void>;
}

/** A studio with a cluster, and people who come to it. */
export class Stage<Behind extends Servers = RunningCluster> extends Studio {
  readonly cluster: Behind;
  readonly #people: Person[] = [];
  readonly #witnesses: Witness[] = [];
  readonly #guests: Guest[] = [];

  constructor(cluster: Behind, ...studio: ConstructorParameters<typeof Studio>) {
    super(...studio);
    this.cluster = cluster;
  }

  /** A new person with a browser profile of their own. */
  async person(name: string): Promise<Person> {
    const person = await Person.arrive(this.browser, name);
    this.#people.push(person);
    this.#witnesses.push(person);
    return person;
  }

  /** Somebody with a browser of their own, who goes at the end. */
  host(guest: Guest): void {
    this.#witnesses.push(guest);
    this.#guests.push(guest);
  }

  async end(): Promise<void> {
    for (const guest of this.#guests) await guest.close();
  }

  /** What every page of this journey has said to servers, by person. */
  wires(): Places {
    return Object.fromEntries(
      this.#people.map(({ name, wire }) => [`what ${name}'s browser sent`, wire.sent]),
    );
  }

  /** Pictures of every screen and what each browser complained of, for somebody who reads a failure. */
  async evidence(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'rockpool-journey-'));
    const lines = [`screenshots: ${directory}`];
    for (const witness of this.#witnesses) {
      const { name, complaints } = witness;
      await witness.screenshot(join(directory, `${name}.png`)).catch((error: Error) => {
        lines.push(`no picture of ${name}: ${error.message}`);
      });
      lines.push(...complaints.map((complaint) => `${name}'s browser: ${complaint}`));
    }
    return [...lines, 'the cluster printed last:', await this.cluster.lastWords()].join('\n');
  }
}

/** Plays one journey, on a fresh cluster if it needs one; the answer says whether it ended well. */
export async function play(
  journey: Journey,
  options: PlayOptions,
  report: (line: string) => void,
): Promise<boolean> {
  const started = performance.now();
  report(`${journey.name}: ${journey.summary}`);
  try {
    if ('look' in journey) {
      await withBrowser([], (browser) => journey.look(new Studio(browser, options, report)));
    } else if ('endure' in journey) {
      await journey.endure(options, report);
    } else if ('deploy' in journey) {
      await tellOn(await Deployment.start(), journey.deploy, options, report);
    } else {
      await tellOn(await RunningCluster.start(), journey.tell, options, report);
    }
    report(`ok    ${seconds(started)}  ${journey.name}`);
    return true;
  } catch (error) {
    report(error instanceof Error ? (error.stack ?? error.message) : String(error));
    report(`FAIL  ${seconds(started)}  ${journey.name}`);
    return false;
  }
}

async function tellOn<Behind extends Servers>(
  cluster: Behind,
  tell: (stage: Stage<Behind>) => Promise<void>,
  options: PlayOptions,
  report: (line: string) => void,
): Promise<void> {
  try {
    await withBrowser(cluster.trustedKeys, async (browser) => {
      const stage = new Stage(cluster, browser, options, report);
      try {
        await tell(stage);
      } catch (error) {
        report(await stage.evidence());
        throw error;
      } finally {
        await stage.end();
      }
    });
  } finally {
    await cluster.discard();
  }
}

async function withBrowser(
  trustedKeys: readonly string[],
  use: (browser: Browser) => Promise<void>,
): Promise<void> {
  const browser = await openBrowser({ trustedKeys });
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

function seconds(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s`;
}
