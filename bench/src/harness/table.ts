// A result for people: one line for each figure, one column for each contestant, then the ratios.
import type { BenchResult } from './result.ts';
import type { Spread } from './spread.ts';

/** Medians with the smallest and largest round in brackets. */
export function tableOf(result: BenchResult): string {
  const { ratio: ratios = {}, ...contestants } = result.spread;
  const keys = Object.keys(contestants);
  const figures = new Set(Object.values(contestants).flatMap((spreads) => Object.keys(spreads)));
  const rows = [
    ['', ...keys],
    ...[...figures].map((figure) => [
      figure,
      ...keys.map((key) => cell(contestants[key]?.[figure])),
    ]),
  ];
  const lines = rows.map((row) =>
    row.map((text, column) => text.padEnd(widthOf(rows, column))).join('  '),
  );
  const { machine, rounds, seconds, commit } = result;
  return [
    `${result.name}: ${rounds} rounds of ${seconds} s, median (smallest to largest)`,
    ...lines.map((line) => line.trimEnd()),
    ...Object.entries(ratios).map(([key, spread]) => `ratio ${key} ${cell(spread)}`),
    `${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}, load before ${machine.loadBefore}`,
    commit === undefined
      ? 'no commit'
      : `commit ${commit.hash}${commit.changed ? ' with changes' : ''}`,
  ].join('\n');
}

function cell(spread: Spread | undefined): string {
  return spread === undefined ? '-' : `${spread.median} (${spread.min} to ${spread.max})`;
}

function widthOf(rows: readonly (readonly string[])[], column: number): number {
  return Math.max(...rows.map((row) => row[column]?.length ?? 0));
}
