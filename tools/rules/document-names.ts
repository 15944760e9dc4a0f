// Names in capitals that documents use (limits, codes, variables) are names of the code, and paths in backticks
// are files. A document that speaks of what is gone is wrong, however well it reads.
import { type Finding, isTypeScript, type RepositoryFile, type Rule } from './repository.ts';
import { lineAt } from './source-text.ts';

const DOCUMENT =
  /^(docs\/(?!errors|limits)[^.]+|deploy\/README|README|ARCHITECTURE|CONTRIBUTING|SECURITY|CHANGELOG)\.md$/;
const NAME = /(?<![\w-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])/g;
const PATH =
  /`((?:auth|bench|clients|cluster|docs|e2e|protocol|server|stun|tools)\/[\w./-]+(?:\.[a-z]+|\/))`/g;
const ROOM_OF_CODE = /\.(ts|tsx|cjs|yml|yaml)$/;

/** Capital names and paths in documents exist in the repository. */
export const documentNames: Rule = {
  name: 'names and paths in documents exist',
  check: (files) => {
    const words = wordsOf(files);
    const paths = files.map((file) => file.path);
    const isPath = (path: string) =>
      paths.some((known) => known === path || known.startsWith(`${path.replace(/\/$/, '')}/`));
    return files
      .filter((file) => DOCUMENT.test(file.path))
      .flatMap((file) => [
        ...missing(file, NAME, (name) => words.has(name), 'no code has the name'),
        ...missing(file, PATH, isPath, 'there is no'),
      ]);
  },
};

function wordsOf(files: readonly RepositoryFile[]): ReadonlySet<string> {
  const words = new Set<string>();
  for (const { path, text } of files) {
    if (!ROOM_OF_CODE.test(path) || (isTypeScript(path) && path.startsWith('tools/'))) continue;
    for (const [name] of text.matchAll(NAME)) words.add(name);
  }
  return words;
}

function missing(
  file: RepositoryFile,
  pattern: RegExp,
  exists: (name: string) => boolean,
  what: string,
): Finding[] {
  return [...file.text.matchAll(pattern)].flatMap((match): Finding[] => {
    const name = match[1] ?? match[0];
    if (exists(name)) return [];
    return [
      {
        path: file.path,
        line: lineAt(file.text, match.index + 1),
        what: `${what} ${name}`,
        remedy: 'name what is there now',
      },
    ];
  });
}
