// The import lines of a source file, and where a relative one leads.
import type { RepositoryFile } from './repository.ts';
import { lineAt, viewsOf } from './source-text.ts';

/** One module that a file names in an import, a re-export or a dynamic import. */
export interface ImportLine {
  readonly specifier: string;
  readonly line: number;
  /** `import type` leaves no trace at run time. */
  readonly typeOnly: boolean;
}

const STATIC = /\b(?:import|export)\b(\s+type\b)?[^'";()]*?\bfrom\s*(['"])/g;
const BARE = /\bimport\s*(['"])/g;
const DYNAMIC = /\b(?:import|require)\s*\(\s*(['"])/g;

/** Every module the file names. */
export function importsOf(file: RepositoryFile): ImportLine[] {
  const { code, withStrings } = viewsOf(file.text);
  const found: ImportLine[] = [];
  const take = (end: number, start: number, typeOnly: boolean): void => {
    const close = code.slice(end).search(/['"]/);
    const specifier = withStrings.slice(end, end + close);
    found.push({ specifier, line: lineAt(code, start), typeOnly });
  };
  for (const match of code.matchAll(STATIC)) {
    take(match.index + match[0].length, match.index, match[1] !== undefined);
  }
  for (const match of code.matchAll(BARE)) take(match.index + match[0].length, match.index, false);
  for (const match of code.matchAll(DYNAMIC))
    take(match.index + match[0].length, match.index, false);
  return found.sort((a, b) => a.line - b.line);
}

/** The repository path that a relative specifier leads to; undefined for a package. */
export function resolveRelative(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('?')[0]?.split('/') ?? []) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** The package of a bare specifier: `@scope/name` or `name`, without the path behind it. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}
