// Every limit of a message, for people: the names and comments of protocol/src/limits.ts with their values.
import type { Rule } from './repository.ts';

const TABLE = 'protocol/src/limits.ts';
const PAGE = 'docs/limits.md';
const ENTRY = /(?:\/\*\*([^*]*(?:\*(?!\/)[^*]*)*)\*\/\n)?export const ([A-Z0-9_]+)\b/g;

/** The limits by name, as the module exports them. */
export type LimitValues = Readonly<Record<string, unknown>>;

/** The page is what the generator would write now. */
export function limitPage(values: LimitValues): Rule {
  return {
    name: 'docs/limits.md is what the limits say',
    check: (files) => {
      const source = files.find((file) => file.path === TABLE)?.text ?? '';
      const page = files.find((file) => file.path === PAGE);
      if (page?.text === renderLimitPage(source, values)) return [];
      return [
        {
          path: PAGE,
          line: 1,
          what: page ? `out of step with ${TABLE}` : 'is missing',
          remedy: 'run: npx node tools/limits-doc.ts --write',
        },
      ];
    },
  };
}

/** The page for people, in the order of the source. */
export function renderLimitPage(source: string, values: LimitValues): string {
  const rows = [...source.matchAll(ENTRY)].flatMap(([, comment = '', name = '']) => {
    const value = values[name];
    if (typeof value !== 'number') return [];
    const meaning = comment.replace(/\s*\n\s*\*?\s*/g, ' ').trim();
    return [`| \`${name}\` | ${inUnits(name, value)} | ${meaning.replaceAll('|', '\\|')} |`];
  });
  return `${INTRODUCTION}\n${rows.join('\n')}\n`;
}

const INTRODUCTION = `# Limits

Generated from \`${TABLE}\` by \`tools/limits-doc.ts\`. Whatever exceeds one of these is refused with a code
from [errors.md](errors.md).

| limit | value | what it bounds |
| --- | --- | --- |`;

/** The unit stands at the end of the name, before MAX. */
function inUnits(name: string, value: number): string {
  if (/_BYTES(_MAX)?$/.test(name)) return scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
  if (!/_MS(_MAX)?$/.test(name)) return value.toLocaleString('en-US');
  const steps = [
    [86_400_000, 'days'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ] as const;
  const step = steps.find(([size]) => value >= 2 * size && value % size === 0);
  return step ? `${value / step[0]} ${step[1]}` : `${value} ms`;
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let [rest, index] = [value, 0];
  while (rest >= step && rest % step === 0 && index < units.length - 1) {
    rest /= step;
    index += 1;
  }
  return `${rest.toLocaleString('en-US')} ${units[index]}`;
}
