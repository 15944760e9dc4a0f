// What a repository rule sees and says. A rule is a pure function over the files, so that a test can hand
// it a broken repository; only `readRepository` touches the disk.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One text file, its path relative to the repository's root with forward slashes. */
export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
}

/** One breach of a rule, with what to do about it. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly what: string;
  readonly remedy: string;
}

/** A rule of the repository. */
export interface Rule {
  /** A sentence that is true of a healthy repository. */
  readonly name: string;
  check(files: readonly RepositoryFile[]): Finding[];
}

const TEXT_FILE =
  /(^|\/)(Dockerfile|Caddyfile|LICENSE|run|\.gitignore|\.npmrc|\.taprc|\.dockerignore)$|\.(ts|tsx|cts|mts|js|cjs|mjs|json|md|css|html|svg|txt|sh|yml|yaml|service|env)$/;

/** Every text file of the project that version control would keep. */
export function readRepository(root: string): RepositoryFile[] {
  const ignored = ignoredNames(readFileSync(join(root, '.gitignore'), 'utf8'));
  const files: RepositoryFile[] = [];
  const walk = (directory: string): void => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      if (entry.name === '.git' || ignored(entry.name)) continue;
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && TEXT_FILE.test(path)) {
        files.push({ path, text: readFileSync(join(root, path), 'utf8') });
      }
    }
  };
  walk('');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The two forms our .gitignore uses: `name/` and `*.ending`. */
function ignoredNames(gitignore: string): (name: string) => boolean {
  const lines = gitignore.split('\n').map((line) => line.trim());
  const names = new Set(
    lines.filter((line) => line.endsWith('/')).map((line) => line.slice(0, -1)),
  );
  const endings = lines.filter((line) => line.startsWith('*.')).map((line) => line.slice(1));
  return (name) => names.has(name) || endings.some((ending) => name.endsWith(ending));
}

/** The finding in the form of a compiler message. */
export function formatFinding(finding: Finding): string {
  return `${finding.path}:${finding.line}: ${finding.what}\n    ${finding.remedy}`;
}

/** TypeScript written by hand, declarations included. */
export function isTypeScript(path: string): boolean {
  return /\.(ts|tsx)$/.test(path);
}

/** A file that only tests and measurements load. */
export function isTestCode(path: string): boolean {
  return /(^|\/)(test|testing)\//.test(path) || /^(bench|e2e)\//.test(path);
}
