// The compiler keeps the DOM and Node out of the pure rooms (`"types": []`); plain ECMAScript still has a
// clock, randomness and promises, which this rule keeps out.
import { type Finding, isTypeScript, type RepositoryFile, type Rule } from './repository.ts';
import { lineAt, viewsOf } from './source-text.ts';

const PURE_ROOMS = [
  'cluster/src/core/',
  'stun/src/codec/',
  'server/src/directory/',
  'protocol/src/',
];

const IMPURE =
  /\bDate\b|\bMath\s*\.\s*random\b|\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b|\b(performance|globalThis)\b/g;
const PROMISE = /\b(Promise|PromiseLike|async|await)\b/g;

// What a node does at its door reads applied rows through an asynchronous port. Apply imports none of it
// but the types in ports.ts.
const DOOR = ['ports.ts', 'prepare.ts', 'queries.ts'].map((name) => `server/src/directory/${name}`);

/** Code in the pure rooms depends on its arguments alone. */
export const pureRooms: Rule = {
  name: 'pure rooms have no clock, randomness, timer or promise',
  check: (files) =>
    files
      .filter((file) => isTypeScript(file.path))
      .filter((file) => PURE_ROOMS.some((room) => file.path.startsWith(room)))
      .flatMap(impurities),
};

function impurities(file: RepositoryFile): Finding[] {
  const { code } = viewsOf(file.text);
  const patterns = DOOR.includes(file.path) ? [IMPURE] : [IMPURE, PROMISE];
  return patterns
    .flatMap((pattern) => [...code.matchAll(pattern)])
    .map((match) => ({
      path: file.path,
      line: lineAt(code, match.index),
      what: `${match[0]} in a pure room`,
      remedy: 'let the caller pass the value, or return what the shell shall do',
    }));
}
