// What no file of this repository contains. The patterns are put together from halves, so that this file
// keeps its own rules.
import {
  type Finding,
  isTestCode,
  isTypeScript,
  type RepositoryFile,
  type Rule,
} from './repository.ts';
import { lineAt, viewsOf } from './source-text.ts';

const REMINDER = new RegExp(`\\b(TO${'DO'}|FIX${'ME'}|XX${'X'}|HA${'CK'})\\b`, 'g');
const SILENCER = new RegExp(`@${'ts'}-(ignore|nocheck|expect-error)|${'biome'}-ignore`, 'g');
const WORKPLACE = /(?<![A-Za-z0-9_.$}])\/(work|farm|root|home|tmp)\/[a-z]/g;
const STAR_EXPORT = /\bexport\s*\*/g;
const STRAY_TEST =
  /\b(t|test|it|describe|suite)\s*\.\s*(only|skip|todo)\b|[{,]\s*(only|skip|todo)\s*:/g;

/** Packages list what they export, name by name. */
export const noStarExports: Rule = {
  name: 'no module exports everything of another',
  check: (files) =>
    inCode(
      files.filter(typeScript),
      STAR_EXPORT,
      'export of everything',
      'list the exports by name',
    ),
};

/** Every test runs, always. */
export const noStrayTests: Rule = {
  name: 'no test is skipped, postponed or singled out',
  check: (files) =>
    inCode(
      files.filter((file) => typeScript(file) && isTestCode(file.path)),
      STRAY_TEST,
      'a test that is singled out or left out',
      'run it, or delete it',
    ),
};

/** What is not done is not here. */
export const noReminders: Rule = {
  name: 'no reminder stands for work',
  check: (files) => inText(ownText(files), REMINDER, 'a reminder', 'do it now, or open an issue'),
};

/** The compiler and the linter are not talked out of what they say. */
export const noSilencers: Rule = {
  name: 'no comment silences the compiler or the linter',
  check: (files) =>
    inText(files.filter(typeScript), SILENCER, 'a silenced check', 'change the code instead'),
};

/** The repository reads the same on every machine. */
export const noWorkplacePaths: Rule = {
  name: 'no file names a path of the machine it was written on',
  check: (files) =>
    inText(
      ownText(files),
      WORKPLACE,
      'an absolute path of somebody’s machine',
      'make it relative, or take it from the environment',
    ),
};

function typeScript(file: RepositoryFile): boolean {
  return isTypeScript(file.path);
}

/** Everything but what others wrote. */
function ownText(files: readonly RepositoryFile[]): RepositoryFile[] {
  return files.filter((file) => !['LICENSE', 'package-lock.json'].includes(file.path));
}

function inText(
  files: readonly RepositoryFile[],
  pattern: RegExp,
  what: string,
  remedy: string,
): Finding[] {
  return files.flatMap((file) => matches(file.path, file.text, pattern, what, remedy));
}

function inCode(
  files: readonly RepositoryFile[],
  pattern: RegExp,
  what: string,
  remedy: string,
): Finding[] {
  return files.flatMap((file) =>
    matches(file.path, viewsOf(file.text).code, pattern, what, remedy),
  );
}

function matches(
  path: string,
  text: string,
  pattern: RegExp,
  what: string,
  remedy: string,
): Finding[] {
  return [...text.matchAll(pattern)].map((match) => ({
    path,
    line: lineAt(text, match.index),
    what: `${what}: ${match[0].trim()}`,
    remedy,
  }));
}
