// An acknowledged write must lie on the disk. So one file alone holds the database, and each write in it
// says `sync: true`.
import { importsOf, packageOf } from './imports.ts';
import {
  type Finding,
  isTestCode,
  isTypeScript,
  type RepositoryFile,
  type Rule,
} from './repository.ts';
import { lineAt, viewsOf } from './source-text.ts';

const DATABASE = 'classic-level';
const ROOM = 'storage/src/';
const WRITE = /(\w+|\))\s*(?:\?\.|\.)\s*_?(put|del|batch|write)\s*\(/g;

/** The database is written in one place, and always through to the disk. */
export const durableWrites: Rule = {
  name: 'one file writes the database, and always with sync: true',
  check: (files) => {
    const users = files.filter(
      (file) => isTypeScript(file.path) && !isTestCode(file.path) && holdsDatabase(file),
    );
    return [...users.flatMap(misplaced), ...tooMany(users), ...users.flatMap(unsynced)];
  },
};

function holdsDatabase(file: RepositoryFile): boolean {
  return importsOf(file).some((line) => !line.typeOnly && packageOf(line.specifier) === DATABASE);
}

function misplaced(file: RepositoryFile): Finding[] {
  if (file.path.startsWith(ROOM)) return [];
  return [
    {
      path: file.path,
      line: 1,
      what: `${DATABASE} outside ${ROOM}`,
      remedy: 'use @rockpool/storage, which alone knows the database',
    },
  ];
}

function tooMany(users: readonly RepositoryFile[]): Finding[] {
  return users.slice(1).map((file) => ({
    path: file.path,
    line: 1,
    what: `a second file that opens ${DATABASE}, beside ${users[0]?.path}`,
    remedy: 'a process has one database and one writer: go through the first',
  }));
}

function unsynced(file: RepositoryFile): Finding[] {
  const { code } = viewsOf(file.text);
  return [...code.matchAll(WRITE)].flatMap((match): Finding[] => {
    const [, receiver = '', method] = match;
    const options = argumentText(code, match.index + match[0].length);
    // On a chained batch only the closing write() reaches the disk.
    const chained = /batch/i.test(receiver) && method !== 'write';
    const opensChain = method === 'batch' && options.trim() === '';
    if (chained || opensChain || /\bsync\s*:\s*true\b/.test(options)) return [];
    return [
      {
        path: file.path,
        line: lineAt(code, match.index),
        what: `${receiver}.${method}() without sync: true`,
        remedy: 'pass { sync: true }: an acknowledged write survives a power cut',
      },
    ];
  });
}

function argumentText(code: string, start: number): string {
  let depth = 1;
  for (let at = start; at < code.length; at += 1) {
    if (code[at] === '(') depth += 1;
    if (code[at] === ')') depth -= 1;
    if (depth === 0) return code.slice(start, at);
  }
  return code.slice(start);
}
