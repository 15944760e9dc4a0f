// Where a peer's name leads. The system's lookup knows every kind of name, but it blocks one of a few threads for as
// long as the name servers say nothing (ten seconds and more), and cannot be called off: the names of two nodes that are
// gone would hold up those of all that are there, and each dial anew would make the queue longer. So of each name at
// most one lookup is under way, and where it takes long the name servers are asked without a thread.

import { promises as dns, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A lookup that is not held up by another one has ended by then. */
const SOON_MS = 250;
const ANSWER_MS_MAX = 1_000;

export type Find = (host: string) => Promise<readonly LookupAddress[]>;

/** The two ways of finding, `system` first, and when the other one is tried. */
export interface HostWays {
  readonly system: Find;
  readonly servers: Find;
  readonly soonMs: number;
}

export class HostFinder {
  readonly #ways: HostWays;
  readonly #underway = new Map<string, Promise<readonly LookupAddress[]>>();

  constructor(ways: HostWays = waysOfSystem()) {
    this.#ways = ways;
  }

  /** For a connection: it asks for all addresses where it tries one after the other. */
  readonly lookup: LookupFunction = (host, { all }, done) => {
    this.find(host).then(
      (found) => {
        const [first] = found;
        if (all === true) done(null, [...found]);
        else done(null, first?.address ?? '', first?.family);
      },
      (error: NodeJS.ErrnoException) => done(error, ''),
    );
  };

  async find(host: string): Promise<readonly LookupAddress[]> {
    const found = this.#bySystem(host);
    const late = new AbortController();
    const isLate = pause(this.#ways.soonMs, undefined, { signal: late.signal });
    try {
      return (await Promise.race([found, isLate])) ?? (await this.#ways.servers(host));
    } finally {
      late.abort();
    }
  }

  #bySystem(host: string): Promise<readonly LookupAddress[]> {
    const underway = this.#underway.get(host);
    if (underway !== undefined) return underway;
    const found = this.#ways.system(host).finally(() => this.#underway.delete(host));
    this.#underway.set(host, found);
    return found;
  }
}

function waysOfSystem(): HostWays {
  const resolver = new dns.Resolver({ timeout: ANSWER_MS_MAX, tries: 1 });
  return {
    system: (host) => dns.lookup(host, { all: true }),
    servers: async (host) => {
      const [four, six] = await Promise.allSettled([
        resolver.resolve4(host),
        resolver.resolve6(host),
      ]);
      const found: LookupAddress[] = [];
      if (four.status === 'fulfilled') {
        for (const address of four.value) found.push({ address, family: 4 });
      }
      if (six.status === 'fulfilled') {
        for (const address of six.value) found.push({ address, family: 6 });
      }
      if (found.length === 0 && four.status === 'rejected') throw four.reason;
      return found;
    },
    soonMs: SOON_MS,
  };
}
