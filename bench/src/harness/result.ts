// From samples to what a bench says. A ratio is taken inside each round, where both met the same machine, and
// only then is the middle of the rounds taken.
import type { Contestant, RatioSpec, Sample } from './bench.ts';
import { type Figures, nested } from './figures.ts';
import type { Commit, Machine } from './machine.ts';
import { type Spread, spreadOf } from './spread.ts';

const DIGITS = 4;

export interface BenchResult {
  readonly name: string;
  /** Medians over the rounds. */
  readonly ours: Figures;
  readonly peers: Readonly<Record<string, Figures>>;
  /** Ours divided by the peer's: below 1 we use or do less. */
  readonly ratio: Figures;
  /** By whole names, dots and all. */
  readonly spread: Readonly<Record<string, Readonly<Record<string, Spread>>>>;
  readonly contestants: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly seconds: number;
  readonly machine: Machine;
  readonly commit: Commit | undefined;
  readonly date: string;
}

export interface Taken {
  readonly name: string;
  readonly contestants: readonly Contestant[];
  readonly ratios: readonly RatioSpec[];
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly rounds: number;
  readonly seconds: number;
  readonly machine: Machine;
  readonly commit: Commit | undefined;
  readonly date: string;
}

export function resultOf({ name, contestants, ratios, samples, ...taken }: Taken): BenchResult {
  const spread: Record<string, Record<string, Spread>> = {};
  for (const [key, rounds] of samples) spread[key] = spreadsOf(rounds);
  const ratioSpread: Record<string, Spread> = {};
  for (const { key, figure, of: ours = 'ours', peer } of ratios) {
    const inRounds = ratiosOf(figure, samples.get(ours) ?? [], samples.get(peer) ?? []);
    ratioSpread[key] = rounded(spreadOf(inRounds));
  }
  const peers = contestants.filter(({ key }) => key !== 'ours');
  return {
    name,
    ours: medians(spread['ours']),
    peers: Object.fromEntries(peers.map(({ key }) => [key, medians(spread[key])])),
    ratio: medians(ratioSpread),
    spread: { ...spread, ratio: ratioSpread },
    contestants: Object.fromEntries(contestants.map(({ key, what }) => [key, what])),
    ...taken,
  };
}

function spreadsOf(rounds: readonly Sample[]): Record<string, Spread> {
  const figures = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(
    figures.map((figure) => [
      figure,
      rounded(spreadOf(rounds.map((sample) => figureOf(sample, figure)))),
    ]),
  );
}

function ratiosOf(figure: string, ours: readonly Sample[], peer: readonly Sample[]): number[] {
  return ours.map((sample, round) => figureOf(sample, figure) / figureOf(peer[round], figure));
}

function figureOf(sample: Sample | undefined, figure: string): number {
  const value = sample?.[figure];
  if (value === undefined) throw new Error(`a round has no figure ${figure}`);
  return value;
}

function medians(spreads: Readonly<Record<string, Spread>> | undefined): Figures {
  return nested(Object.entries(spreads ?? {}).map(([figure, { median }]) => [figure, median]));
}

function rounded({ median, min, max }: Spread): Spread {
  const round = (value: number): number => Number(value.toPrecision(DIGITS));
  return { median: round(median), min: round(min), max: round(max) };
}
