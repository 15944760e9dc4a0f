// docs/privacy.md says what servers keep. It is held against the tables of row keys and of metric labels, so
// that nothing can be stored or counted that the page does not name.
import type { Finding, RepositoryFile, Rule } from './repository.ts';
import { lineAt, viewsOf } from './source-text.ts';

const PAGE = 'docs/privacy.md';
const DIRECTORY = 'server/src/directory/keys.ts';
const STORE = 'cluster/src/format/store-key.ts';
const METRICS = 'server/src/observability/metrics.ts';
const CELLS = 4;

/** What is stored, by the name that the page gives it. */
interface Stored {
  /** `u` for a printable prefix, `0x10` for a key kind. */
  readonly sign: string;
  readonly name: string;
  readonly path: string;
}

/** Every kind of row and every metric label stands in docs/privacy.md, and nothing else does. */
export const privacyPage: Rule = {
  name: 'docs/privacy.md names everything that servers keep and count',
  check: (files) => {
    const textOf = (path: string) => files.find((file) => file.path === path)?.text ?? '';
    const page = files.find((file) => file.path === PAGE);
    if (page === undefined) return [finding(1, 'is missing')];
    const stored = [
      ...entries(DIRECTORY, textOf(DIRECTORY), 'KEY_PREFIXES', (byte) => String.fromCharCode(byte)),
      ...entries(STORE, textOf(STORE), 'KEY_KIND', (byte) => hex(byte)),
    ];
    return [...rowFindings(page, stored), ...labelFindings(page, textOf(METRICS))];
  },
};

function rowFindings(page: RepositoryFile, stored: readonly Stored[]): Finding[] {
  const rows = [...page.text.matchAll(/^\| `([^`]+)` `([^`]+)` \|(.*)\|$/gm)].map((match) => ({
    sign: match[1] ?? '',
    name: match[2] ?? '',
    cells: (match[3] ?? '').split(' | ').length + 1,
    line: lineAt(page.text, match.index + 1),
  }));
  const same = (a: { sign: string; name: string }) => (b: { sign: string; name: string }) =>
    a.sign === b.sign && a.name === b.name;
  return [
    ...stored
      .filter((one) => rows.filter(same(one)).length !== 1)
      .map(({ sign, name, path }) => {
        return finding(1, `one row must say what \`${sign}\` \`${name}\` (${path}) holds`);
      }),
    ...rows
      .filter((row) => !stored.some(same(row)))
      .map(({ line, name }) => finding(line, `nothing stores ${name} under this key`)),
    ...rows
      .filter(({ cells }) => cells !== CELLS)
      .map(({ line, name }) => finding(line, `${name} wants what, why and how long`)),
  ];
}

function labelFindings(page: RepositoryFile, metrics: string): Finding[] {
  const code = viewsOf(metrics).withStrings;
  const lists = [...code.matchAll(/(?:labelNames: |', )\[([^\]]*)\]/g)].map(
    ([, list = '']) => list,
  );
  const used = new Set(
    lists.flatMap((list) => [...list.matchAll(/'([a-z]+)'/g)].map(([, l]) => l)),
  );
  const sentence = /Their labels are ([^;]*);/.exec(page.text);
  const line = lineAt(page.text, (sentence?.index ?? 0) + 1);
  const named = new Set([...(sentence?.[1] ?? '').matchAll(/`([a-z]+)`/g)].map(([, l]) => l));
  return [
    ...[...used]
      .filter((label) => !named.has(label))
      .map((label) => finding(line, `label ${label}`)),
    ...[...named]
      .filter((label) => !used.has(label))
      .map((label) => finding(line, `no metric has the label ${label}`)),
  ];
}

/** The entries `name: 0x75` of one table in a source. */
function entries(
  path: string,
  source: string,
  table: string,
  signOf: (byte: number) => string,
): Stored[] {
  const code = viewsOf(source).code;
  const start = code.indexOf(`const ${table} = {`);
  const body = start < 0 ? '' : code.slice(start, code.indexOf('}', start));
  return [...body.matchAll(/(\w+): 0x([0-9a-f]{2})\b/g)].map(([, name = '', byte = '']) => {
    return { name, sign: signOf(Number.parseInt(byte, 16)), path };
  });
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

function finding(line: number, what: string): Finding {
  const remedy = 'say in docs/privacy.md what it is, why it is kept, and for how long';
  return { path: PAGE, line, what, remedy };
}
