// Gives links back to servers that lost them: those that this device holds after the newest one they have. They prove themselves, so
// that any device that holds them may bring them, of its own chains and of those of the members it knows.

import {
  type Bytes,
  EVIDENCE_BYTES_MAX,
  equalBytes,
  OFFER_EVIDENCE_LINKS_MAX,
  OFFER_LINKS_MAX,
  peekPoolStatement,
  type Ref,
  type StoredLink,
  toHex,
} from '@rockpool/protocol';
import type { Clock } from '../ports.ts';
import type { ChainName } from '../store/row-keys.ts';
import type { Chains } from './chains.ts';
import type { Ask } from './fetch-links.ts';
import { newest, type PoolChain, type UserChain } from './held-chain.ts';

/** Of links and evidence in one frame, which has room for twice as much. */
const OFFER_BYTES_MAX = EVIDENCE_BYTES_MAX;

/** Servers that take no more at the moment say when they will; a wait is never shorter or longer than this. */
const WAIT_MIN_MS = 1_000;
const WAIT_MAX_MS = 600_000;

export interface BringBackPorts {
  readonly clock: Clock;
  readonly chains: Chains;
  readonly ask: Ask;
  /** The servers show this device no chain at all. */
  readonly unseen?: boolean;
}

interface Place {
  readonly name: ChainName;
  readonly ref: Ref;
  /** Whose join admits an account that the servers do not know at all. */
  readonly pool?: Ref;
}

/** Resolves once the servers have all of the chain, or take no more of it. */
async function bringBack(ports: BringBackPorts, place: Place): Promise<void> {
  const { chains, unseen } = ports;
  const { name, ref } = place;
  const chain = name === 'user' ? chains.user(ref) : chains.pool(ref);
  const stands = unseen ? 'unknown' : chains.serversAt(name, ref);
  if (chain === undefined || stands === undefined || chains.forked(name, ref)) return;
  let next = stands === 'unknown' ? await findNext(ports, place, chain) : stands[0] + 1;
  // Another history than ours: a person has to look at it.
  if (stands !== 'unknown' && !holds(chain, stands[0], stands[1])) return;
  while (next !== undefined && next < chain.links.length) {
    next = await offer(ports, place, chain, next);
  }
}

function holds(chain: UserChain | PoolChain, seq: number, hash: Bytes): boolean {
  const state = chain.states[seq];
  return state !== undefined && equalBytes(state.head, hash);
}

/**
 * The servers do not show the chain: they do not have it, or this device's owner is not in it as they know it. Then it is found
 * out by halves which link they take: CHAIN_STALE says that they have more, CHAIN_CONFLICT that they have less.
 */
async function findNext(
  ports: BringBackPorts,
  place: Place,
  chain: UserChain | PoolChain,
): Promise<number | undefined> {
  let [from, to] = [0, chain.links.length - 1];
  while (from <= to) {
    const middle = Math.floor((from + to) / 2);
    const answer = await ports.ask(offerFrame(ports, place, chain, middle).frame);
    if (answer === 'offline') return undefined;
    if (answer.ok) return middle;
    if (answer.code === 'CHAIN_STALE') from = middle + 1;
    else if (answer.code === 'CHAIN_CONFLICT' && middle > 0) to = middle - 1;
    else if (answer.code === 'CHAIN_CONFLICT') from = middle + 1;
    else return undefined;
  }
  return undefined;
}

/** Where to go on; undefined where the servers take no more. */
async function offer(
  ports: BringBackPorts,
  place: Place,
  chain: UserChain | PoolChain,
  from: number,
): Promise<number | undefined> {
  const { frame, next } = offerFrame(ports, place, chain, from);
  const answer = await ports.ask(frame);
  return answer !== 'offline' && answer.ok ? next : undefined;
}

function offerFrame(
  { chains }: BringBackPorts,
  { name, ref, pool }: Place,
  chain: UserChain | PoolChain,
  from: number,
) {
  const parent = chain.states[from - 1]?.head;
  const links: StoredLink[] = [];
  let evidence: readonly StoredLink[] = [];
  for (const link of chain.links.slice(from, from + OFFER_LINKS_MAX)) {
    const more =
      name === 'user' ? [] : evidenceOf(chains, chain as PoolChain, from, [...links, link]);
    const isTooMuch =
      more.length > OFFER_EVIDENCE_LINKS_MAX ||
      bytesOf([...links, link, ...more]) > OFFER_BYTES_MAX;
    if (isTooMuch && links.length > 0) break;
    links.push(link);
    evidence = more.slice(0, OFFER_EVIDENCE_LINKS_MAX);
  }
  const optional = {
    ...(parent === undefined ? {} : { parent }),
    ...(pool === undefined ? {} : { pool }),
  };
  const frame = { type: 'offer', chain: name, ref, links, evidence, ...optional } as const;
  return { frame, next: from + links.length };
}

/** Links of the authors' own chains that the pool, as it was before these links, has not seen. */
function evidenceOf(
  chains: Chains,
  chain: PoolChain,
  from: number,
  links: readonly StoredLink[],
): readonly StoredLink[] {
  const members = chain.states[from - 1]?.members ?? [];
  const cited = new Map<string, { readonly user: Ref; readonly seq: number }>();
  for (const { envelope } of links) {
    const opened = peekPoolStatement(envelope);
    if (!opened.ok) continue;
    const { user, head } = opened.value.author;
    cited.set(toHex(user[1]), { user, seq: head[0] });
  }
  return [...cited].flatMap(([id, { user, seq }]) => {
    const known = members.find((member) => toHex(member.user[1]) === id);
    const first = known === undefined ? 0 : known.userHead[0] + 1;
    return chains.user(user)?.links.slice(first, seq + 1) ?? [];
  });
}

/** Goes on where the servers are busy: they must not lack links because many bring theirs at once. */
function patient({ ask, clock }: BringBackPorts): Ask {
  return async (request) => {
    for (;;) {
      const answer = await ask(request);
      if (answer === 'offline' || answer.ok || answer.code !== 'LIMIT_RATE') return answer;
      const { retryAfterMs = WAIT_MIN_MS } = answer;
      const waitMs = Math.min(Math.max(retryAfterMs, WAIT_MIN_MS), WAIT_MAX_MS);
      await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
    }
  };
}

function bytesOf(links: readonly StoredLink[]): number {
  let bytes = 0;
  for (const { envelope } of links) bytes += envelope.length;
  return bytes;
}

/** Everything of the pools that this device holds, its own account, and the people in them. */
export async function bringAllBack(all: BringBackPorts, user: Ref | undefined): Promise<void> {
  const ports = { ...all, ask: patient(all) };
  const { chains } = ports;
  const people = new Map<string, Place>();
  const note = (ref: Ref, pool?: Ref) => {
    const place = { name: 'user' as const, ref, ...(pool === undefined ? {} : { pool }) };
    people.set(toHex(ref[1]), place);
  };
  if (user !== undefined) note(user);
  for (const ref of chains.poolRefs()) {
    await bringBack(ports, { name: 'pool', ref });
    const chain = chains.pool(ref);
    for (const member of chain === undefined ? [] : newest(chain).members) note(member.user, ref);
  }
  for (const place of people.values()) await bringBack(ports, place);
}
