// Which pairs of networks connect, and what the others are told: the expectation that the journey is held against.
import type { Home } from './nat-lab.ts';
import { NAT_KINDS, type NatKind } from './router-rules.ts';

/** 'direct', or why not as the first of the two sees it (clients/core/src/network/path-trouble.ts). */
export type Outcome = 'direct' | 'ownBlocked' | 'otherBlocked' | 'strictRouters' | 'noPath';

export interface Pair {
  readonly a: Home;
  /** 'same LAN': the second client sits behind the first one's router. */
  readonly b: Home | 'same LAN';
  /** One of these; a side that asked one server only cannot tell a strict router from another. */
  readonly expected: readonly Outcome[];
}

const STRICT: readonly Outcome[] = ['strictRouters', 'noPath'];
/** A symmetric NAT meets only those that answer whoever comes from a known address. */
const MEETS_SYMMETRIC: readonly NatKind[] = ['none', 'full cone', 'address-restricted'];

function expectedOf(a: NatKind, b: NatKind): readonly Outcome[] {
  if (a === 'UDP blocked') return ['ownBlocked'];
  if (b === 'UDP blocked') return ['otherBlocked'];
  if (a === 'symmetric') return MEETS_SYMMETRIC.includes(b) ? ['direct'] : STRICT;
  if (b === 'symmetric') return MEETS_SYMMETRIC.includes(a) ? ['direct'] : STRICT;
  return ['direct'];
}

/**
 * Both on one LAN, every pair once, and IPv6 where IPv4 alone does not connect. The LAN is first: a browser announces the
 * names that it has for its addresses (mDNS) on the networks that it was on when it began to.
 */
export const PAIRS: readonly Pair[] = [
  { a: { nat: 'port-restricted' }, b: 'same LAN', expected: ['direct'] },
  { a: { nat: 'UDP blocked' }, b: 'same LAN', expected: ['direct'] },
  ...NAT_KINDS.flatMap((a, at) =>
    NAT_KINDS.slice(at).map(
      (b): Pair => ({ a: { nat: a }, b: { nat: b }, expected: expectedOf(a, b) }),
    ),
  ),
  {
    a: { nat: 'symmetric', ipv6: true },
    b: { nat: 'symmetric', ipv6: true },
    expected: ['direct'],
  },
];

/** Those with these words in `here, there`. */
export function pairsNamed(words: string): readonly Pair[] {
  return PAIRS.filter(({ a, b }) => `${nameOf(a)}, ${nameOf(b)}`.includes(words));
}

export function nameOf(home: Home | 'same LAN'): string {
  if (home === 'same LAN') return home;
  return home.ipv6 === true ? `${home.nat} + IPv6` : home.nat;
}

/** What was seen of one pair, towards the browser and the agent on the other side. */
export interface Row {
  readonly pair: Pair;
  readonly browser: Seen;
  readonly agent: Seen;
}

export interface Seen {
  readonly outcome: string;
  /** From opening the page to this outcome. */
  readonly seconds: number;
}

export function isAsExpected({ pair, browser, agent }: Row): boolean {
  const expected: readonly string[] = pair.expected;
  return [browser, agent].every(({ outcome }) => expected.includes(outcome));
}

const WORDS: Readonly<Record<string, string>> = {
  direct: 'direct',
  ownBlocked: 'no: own network blocks UDP',
  otherBlocked: 'no: other network blocks UDP',
  strictRouters: 'no: a router changes addresses',
  noPath: 'no: no way found',
};

export function rowInWords({ pair, browser, agent }: Row): readonly string[] {
  return [nameOf(pair.a), nameOf(pair.b), ...[browser, agent].map(seenInWords)];
}

function seenInWords({ outcome, seconds }: Seen): string {
  return `${WORDS[outcome] ?? outcome}, ${seconds.toFixed(1)} s`;
}
