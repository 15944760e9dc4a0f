// A link inside the repository leads to something that is there.
import { resolveRelative } from './imports.ts';
import type { Finding, RepositoryFile, Rule } from './repository.ts';
import { lineAt } from './source-text.ts';

const LINK = /\]\(([^)\s#]+)(#[^)\s]*)?\)/g;

/** Relative links in Markdown lead to a file or a folder of the repository. */
export const documentLinks: Rule = {
  name: 'links between documents lead somewhere',
  check: (files) => {
    const paths = new Set(files.flatMap((file) => [file.path, ...foldersOf(file.path)]));
    return files
      .filter((file) => file.path.endsWith('.md'))
      .flatMap((file) => brokenLinks(file, paths));
  },
};

function brokenLinks(file: RepositoryFile, paths: ReadonlySet<string>): Finding[] {
  return [...file.text.matchAll(LINK)].flatMap((match): Finding[] => {
    const [, link = ''] = match;
    if (/^[a-z]+:/.test(link)) return [];
    const target = resolveRelative(file.path, `./${link}`)?.replace(/\/$/, '') ?? '';
    if (paths.has(target)) return [];
    return [
      {
        path: file.path,
        line: lineAt(file.text, match.index),
        what: `the link to ${link} leads nowhere`,
        remedy: 'correct the link, or write what it promises',
      },
    ];
  });
}

function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_part, index) => parts.slice(0, index + 1).join('/'));
}
