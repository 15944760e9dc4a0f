// A page that says "this test shows it" links to the test with its title. The title is looked for in the file, so
// that a renamed or deleted test is noticed where it was promised.
import { resolveRelative } from './imports.ts';
import type { Finding, Rule } from './repository.ts';
import { lineAt, viewsOf } from './source-text.ts';

const LINK = /\[([^\]]+)\]\(([^)\s#]+(?:\.test|\/journeys\/[a-z-]+)\.ts)\)/g;

/** The words of a link to a test are part of a title in that test. */
export const quotedTests: Rule = {
  name: 'tests that documents quote have the titles they quote',
  check: (files) => {
    const texts = new Map(files.map((file) => [file.path, file.text]));
    return files
      .filter((file) => file.path.endsWith('.md'))
      .flatMap((file) =>
        [...file.text.matchAll(LINK)].flatMap((match): Finding[] => {
          const [, title = '', link = ''] = match;
          const target = resolveRelative(file.path, `./${link}`) ?? '';
          const strings = viewsOf(texts.get(target) ?? '').withStrings;
          if (strings.includes(title.replace(/\s+/g, ' '))) return [];
          return [
            {
              path: file.path,
              line: lineAt(file.text, match.index + 1),
              what: `${target} has no test "${title.replace(/\s+/g, ' ')}"`,
              remedy: 'quote the title as it is, or the test that took its place',
            },
          ];
        }),
      );
  },
};
