// A rule of the protocol has an id such as [SIG-4], and a test that quotes it. Document and tests are held
// against each other, so neither can grow alone.
import { type Finding, isTestCode, type RepositoryFile, type Rule } from './repository.ts';
import { lineAt, viewsOf } from './source-text.ts';

const RULE_ID = /\[([A-Z]{2,8}-\d{1,3})\]/g;
const DEFINITION = /^[\s>|#*-]*\[([A-Z]{2,8}-\d{1,3})\]/gm;
const DOCUMENT = /^docs\/protocol[^/]*(\/[^/]+)?\.md$/;

interface Mention {
  readonly id: string;
  readonly path: string;
  readonly line: number;
}

/** Every numbered rule of docs/protocol*.md is quoted by a test, and tests quote only rules that exist. */
export const protocolRules: Rule = {
  name: 'each protocol rule is quoted by a test, and each quoted rule exists',
  check: (files) => {
    const documents = files.filter((file) => DOCUMENT.test(file.path));
    const defined = documents.flatMap((file) => mentions(file.path, file.text, DEFINITION));
    const referred = documents.flatMap((file) => mentions(file.path, file.text, RULE_ID));
    const quoted = files.filter(isTest).flatMap((file) => {
      return mentions(file.path, viewsOf(file.text).withStrings, RULE_ID);
    });
    const known = new Set(defined.map((mention) => mention.id));
    const tested = new Set(quoted.map((mention) => mention.id));
    return [
      ...duplicates(defined),
      ...defined
        .filter((mention) => !tested.has(mention.id))
        .map((mention) =>
          finding(
            mention,
            'no test quotes',
            'write a test that fails without it, quoting the id in its title',
          ),
        ),
      ...[...referred, ...quoted]
        .filter((mention) => !known.has(mention.id))
        .map((mention) =>
          finding(
            mention,
            'no docs/protocol*.md begins a rule with',
            'correct the id, or write the rule',
          ),
        ),
    ];
  },
};

function isTest(file: RepositoryFile): boolean {
  // The tools' own tests hold made-up rules as examples.
  return isTestCode(file.path) && /\.tsx?$/.test(file.path) && !file.path.startsWith('tools/');
}

function mentions(path: string, text: string, pattern: RegExp): Mention[] {
  return [...text.matchAll(pattern)].map((match) => ({
    id: match[1] ?? '',
    path,
    line: lineAt(text, match.index + match[0].length),
  }));
}

function duplicates(defined: readonly Mention[]): Finding[] {
  return defined
    .filter((mention, index) => defined.findIndex((other) => other.id === mention.id) !== index)
    .map((mention) => finding(mention, 'two rules begin with', 'give the second its own number'));
}

function finding(mention: Mention, what: string, remedy: string): Finding {
  return { path: mention.path, line: mention.line, what: `${what} [${mention.id}]`, remedy };
}
