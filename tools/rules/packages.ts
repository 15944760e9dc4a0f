// What is installed is what was tried: exact versions, one version of each, and a lock file that works
// with whatever registry a machine uses.
import type { Finding, RepositoryFile, Rule } from './repository.ts';

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const SECTIONS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

/** Every package.json names exact versions, the same ones everywhere. */
export const exactVersions: Rule = {
  name: 'packages are asked for by exact versions, one of each',
  check: (files) => {
    const seen = new Map<string, { version: string; path: string }>();
    return files
      .filter((file) => file.path.split('/').at(-1) === 'package.json')
      .flatMap((file) => requests(file).flatMap((request) => judge(file, request, seen)));
  },
};

/** The lock file names no registry. */
export const lockFile: Rule = {
  name: 'the lock file names no registry',
  check: (files) => {
    const lock = files.find((file) => file.path === 'package-lock.json');
    if (!lock) return [];
    return lock.text.split('\n').flatMap((text, index): Finding[] => {
      if (!/"resolved":\s*"https?:/.test(text)) return [];
      return [
        {
          path: lock.path,
          line: index + 1,
          what: 'a registry address in the lock file',
          remedy: 'keep omit-lockfile-registry-resolved=true in .npmrc and write the lock again',
        },
      ];
    });
  },
};

interface Request {
  readonly name: string;
  readonly version: string;
}

function requests(file: RepositoryFile): Request[] {
  const manifest: Record<string, unknown> = JSON.parse(file.text);
  return SECTIONS.flatMap((section) =>
    Object.entries((manifest[section] ?? {}) as Record<string, string>).map(([name, version]) => ({
      name,
      version,
    })),
  );
}

function judge(
  file: RepositoryFile,
  request: Request,
  seen: Map<string, { version: string; path: string }>,
): Finding[] {
  const line = 1 + file.text.split('\n').findIndex((text) => text.includes(`"${request.name}":`));
  const report = (what: string, remedy: string): Finding[] => [
    { path: file.path, line, what, remedy },
  ];
  if (!EXACT.test(request.version)) {
    return report(`${request.name} asks for "${request.version}"`, 'write the exact version');
  }
  const first = seen.get(request.name);
  seen.set(request.name, first ?? { version: request.version, path: file.path });
  if (!first || first.version === request.version) return [];
  return report(
    `${request.name} ${request.version} here, ${first.version} in ${first.path}`,
    'use one version everywhere',
  );
}
