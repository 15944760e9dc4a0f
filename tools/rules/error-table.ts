// The table of expected failures and its page. The page is generated, so it cannot lie; a code that nothing
// raises would make the table lie, and is refused.
import {
  type Finding,
  isTestCode,
  isTypeScript,
  type RepositoryFile,
  type Rule,
} from './repository.ts';

const TABLE = 'protocol/src/errors.ts';
const PAGE = 'docs/errors.md';

/** One row of the error table. */
export interface DocumentedError {
  readonly http: number;
  readonly close: number;
  readonly retry: string;
  readonly message: string;
  readonly remedy: string;
}

/** The whole table, code by code. */
export type ErrorTable = Readonly<Record<string, DocumentedError>>;

/** The page is what the generator would write now. */
export function errorPage(table: ErrorTable): Rule {
  return {
    name: 'docs/errors.md is what the error table says',
    check: (files) => {
      const page = files.find((file) => file.path === PAGE);
      if (page?.text === renderErrorPage(table)) return [];
      return [
        {
          path: PAGE,
          line: 1,
          what: page ? `out of step with ${TABLE}` : 'is missing',
          remedy: 'run: npx node tools/errors-doc.ts --write',
        },
      ];
    },
  };
}

/** Each code of the table is raised by some source. */
export function errorUse(table: ErrorTable): Rule {
  return {
    name: 'every error code is raised somewhere',
    check: (files) => {
      const sources = files.filter(
        (file) => isTypeScript(file.path) && !isTestCode(file.path) && file.path !== TABLE,
      );
      return Object.keys(table)
        .filter((code) => !sources.some((file) => file.text.includes(`'${code}'`)))
        .map(
          (code): Finding => ({
            path: TABLE,
            line: lineOf(files, code),
            what: `nothing raises ${code}`,
            remedy: 'raise it where the failure happens, or take the row out',
          }),
        );
    },
  };
}

function lineOf(files: readonly RepositoryFile[], code: string): number {
  const text = files.find((file) => file.path === TABLE)?.text ?? '';
  return Math.max(1, 1 + text.split('\n').findIndex((line) => line.includes(`${code}:`)));
}

const RETRY: Readonly<Record<string, string>> = {
  never: 'no',
  later: 'later, here',
  elsewhere: 'at another node',
};

/** The page for people, one section per family of codes. */
export function renderErrorPage(table: ErrorTable): string {
  const families = Map.groupBy(Object.entries(table), ([code]) => code.split('_')[0] ?? code);
  const sections = [...families].map(([family, rows]) =>
    [`## ${family}`, '', HEAD, ...rows.map(([code, error]) => row(code, error))].join('\n'),
  );
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

const INTRODUCTION = `# Errors

Generated from \`${TABLE}\` by \`tools/errors-doc.ts\`. Programs act on the code, which never changes its
meaning; people read the message. "Close" is the WebSocket close code where the failure ends the socket;
"again" says whether the same request may succeed.`;

const HEAD = `| code | HTTP | close | again | what happened | what to do |
| --- | --- | --- | --- | --- | --- |`;

function row(code: string, error: DocumentedError): string {
  const cells = [
    `\`${code}\``,
    error.http === 0 ? '' : String(error.http),
    error.close === 0 ? '' : String(error.close),
    RETRY[error.retry] ?? error.retry,
    error.message,
    error.remedy,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
