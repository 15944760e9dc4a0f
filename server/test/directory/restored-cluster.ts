// A directory that goes on from an older state, and what clients bring back to it.

import {
  BRANCH_LINKS_MAX,
  type Bytes,
  OFFER_LINKS_MAX,
  peekPoolStatement,
  peekUserStatement,
  type Ref,
  type StoredLink,
} from '@rockpool/protocol';
import { type TestPerson, type TestPool, verifyChecks } from '@rockpool/protocol/testing';
import { asOffers } from '../../src/directory/as-offers.ts';
import { encodeCommand } from '../../src/directory/commands.ts';
import type { Revokes } from '../../src/directory/ports.ts';
import type { Reply } from '../../src/directory/replies.ts';
import { settling } from '../../src/grace/create-grace-keeper.ts';
import { branchesOf, graceOf } from '../../src/grace/grace-queries.ts';
import { MemoryCluster } from './memory-cluster.ts';

export const NOW = 1_800_000_000_000;
export const HOUR_MS = 3_600_000;
export const GRACE_ID = new Uint8Array(16).fill(5);
export const GRACE_MS = 24 * HOUR_MS;

export const codeOf = (reply: Reply): string => (reply.ok ? 'ok' : reply.code);

export interface TailEntry {
  readonly slot: number;
  readonly command: Parameters<typeof encodeCommand>[0] | Bytes;
  readonly timeMs: number;
}

export class RestoredCluster extends MemoryCluster {
  constructor(revokes?: Revokes) {
    super(NOW, verifyChecks, revokes);
  }

  /** As a backup has it: of the person's chain the first `count` links. */
  knowsUser(person: TestPerson, count = person.links.length): void {
    for (const [seq, { envelope, time }] of person.links.slice(0, count).entries()) {
      this.timeMs = Math.max(this.timeMs, time);
      const [slot] = person.ref;
      this.#must(
        seq === 0
          ? this.apply(slot, { kind: 'putUserGenesis', envelope, admittedBy: { by: 'admin' } })
          : this.apply(slot, { kind: 'appendUserLink', ref: person.ref, envelope }),
      );
    }
  }

  knowsPool(pool: TestPool, people: readonly TestPerson[], count = pool.links.length): void {
    for (const [seq, { envelope, time }] of pool.links.slice(0, count).entries()) {
      this.timeMs = Math.max(this.timeMs, time);
      const link = { envelope, evidence: evidenceOf([{ envelope, time }], people) };
      this.#must(
        seq === 0
          ? this.apply(pool.ref[0], { kind: 'putPoolGenesis', ...link })
          : this.apply(pool.ref[0], { kind: 'appendPoolLink', ref: pool.ref, ...link }),
      );
    }
  }

  /** The restore, and an hour later the group's first leader. */
  restored(lostMs = HOUR_MS): void {
    this.#must(this.apply(0, { kind: 'openGrace', grace: GRACE_ID, lengthMs: GRACE_MS }));
    this.timeMs += lostMs;
    this.#must(this.apply(0, { kind: 'beginGrace', grace: GRACE_ID }));
  }

  /** The recovery of a disk that had these at the end of its log, and did not know whether they were agreed on. */
  recovered(tail: readonly TailEntry[]): readonly string[] {
    this.#must(this.apply(0, { kind: 'openGrace', grace: GRACE_ID, lengthMs: GRACE_MS }));
    const offers = asOffers(
      tail.map(({ command, timeMs }) => {
        const body = command instanceof Uint8Array ? command : encodeCommand(command);
        return { body, entryTimeMs: timeMs };
      }),
    );
    const replies = tail.map(({ slot, timeMs }, at) => {
      this.timeMs = timeMs;
      return codeOf(this.apply(slot, offers[at]!));
    });
    this.timeMs += HOUR_MS;
    this.#must(this.apply(0, { kind: 'beginGrace', grace: GRACE_ID }));
    return replies;
  }

  over(): void {
    this.timeMs += GRACE_MS;
  }

  offerUser(ref: Ref, parent: Bytes | undefined, links: readonly StoredLink[], pool?: Ref): Reply {
    const command = { kind: 'collectUserLinks', ref, links, ...from(parent) } as const;
    return this.apply(ref[0], pool === undefined ? command : { ...command, pool });
  }

  offerPool(
    ref: Ref,
    parent: Bytes | undefined,
    links: readonly StoredLink[],
    people: readonly TestPerson[],
  ): Reply {
    const evidence = evidenceOf(links, people);
    return this.apply(ref[0], { kind: 'collectPoolLinks', ref, links, evidence, ...from(parent) });
  }

  /** All of the person's chain after link `seq`, as a client does. */
  bringsUser(person: TestPerson, seq: number, pool?: Ref): readonly string[] {
    return batches(person.links.slice(seq + 1)).map(({ at, links }) => {
      const before = person.links[seq + at];
      return codeOf(this.offerUser(person.ref, before && userHash(before.envelope), links, pool));
    });
  }

  bringsPool(pool: TestPool, seq: number, people: readonly TestPerson[]): readonly string[] {
    return batches(pool.links.slice(seq + 1)).map(({ at, links }) => {
      const before = pool.links[seq + at];
      return codeOf(this.offerPool(pool.ref, before && poolHash(before.envelope), links, people));
    });
  }

  /** What the leader of the group does; 'nothing' where nothing was collected. */
  async settle(ref: Ref, tip?: Bytes): Promise<string> {
    const branches = await branchesOf(this, ref);
    if (branches === undefined) return 'nothing';
    return codeOf(this.apply(ref[0], settling({ ref, branches }, tip)));
  }

  grace() {
    return graceOf(this, 0);
  }

  #must(reply: Reply): void {
    if (!reply.ok) throw new Error(`${reply.code}: ${reply.detail}`);
  }
}

function userHash(envelope: Bytes): Bytes {
  const opened = peekUserStatement(envelope);
  if (!opened.ok) throw new Error(opened.detail);
  return opened.value.hash;
}

export function poolHash(envelope: Bytes): Bytes {
  const opened = peekPoolStatement(envelope);
  if (!opened.ok) throw new Error(opened.detail);
  return opened.value.hash;
}

/** Whole chains of the authors: what the shard has is passed over. */
function evidenceOf(links: readonly StoredLink[], people: readonly TestPerson[]): StoredLink[] {
  const authors = new Set<TestPerson>();
  for (const { envelope } of links) {
    const opened = peekPoolStatement(envelope);
    if (!opened.ok) continue;
    const [slot, id] = opened.value.author.user;
    const author = people.find(({ ref }) => ref[0] === slot && ref[1].every((b, i) => b === id[i]));
    if (author !== undefined) authors.add(author);
  }
  return [...authors].flatMap((author) => author.links);
}

const from = (parent: Bytes | undefined) => (parent === undefined ? {} : { parent });

function batches(links: readonly StoredLink[]) {
  const count = Math.min(BRANCH_LINKS_MAX, links.length);
  return Array.from({ length: Math.ceil(count / OFFER_LINKS_MAX) }, (_, at) => {
    const first = at * OFFER_LINKS_MAX;
    return { at: first, links: links.slice(first, first + OFFER_LINKS_MAX) };
  });
}
