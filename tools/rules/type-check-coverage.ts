// Node strips types without reading them, so a file that no tsconfig includes would run unchecked.
import { type Finding, isTypeScript, type RepositoryFile, type Rule } from './repository.ts';

const PROJECT = /(^|\/)tsconfig[^/]*\.json$/;

/** Every TypeScript file lies under an include of some tsconfig. */
export const typeCheckCoverage: Rule = {
  name: 'every TypeScript file is type-checked',
  check: (files) => {
    const roots = typeScriptProjects(files).flatMap((project) => project.roots);
    return files
      .filter((file) => isTypeScript(file.path))
      .filter(
        (file) =>
          !roots.some(
            (root) => root === '' || file.path.startsWith(`${root}/`) || file.path === root,
          ),
      )
      .map(
        (file): Finding => ({
          path: file.path,
          line: 1,
          what: 'no tsconfig includes this file',
          remedy: 'add its folder to the "include" of the nearest tsconfig',
        }),
      );
  },
};

/** A tsconfig that checks something, and the folders or files it includes. */
export interface TypeScriptProject {
  readonly path: string;
  readonly roots: readonly string[];
}

/** Every tsconfig with an include of its own; bases to extend are left out. */
export function typeScriptProjects(files: readonly RepositoryFile[]): TypeScriptProject[] {
  return files
    .filter((file) => PROJECT.test(file.path))
    .flatMap((file) => {
      const { include }: { include?: string[] } = JSON.parse(file.text);
      if (!include) return [];
      const folder = file.path.split('/').slice(0, -1);
      const roots = include.map((entry) =>
        [...folder, ...entry.split('/').filter((part) => part !== '.')].join('/'),
      );
      return [{ path: file.path, roots }];
    });
}
