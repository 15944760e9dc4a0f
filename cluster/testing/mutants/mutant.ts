// A mistake that a real system has made, as a change to one of our sources. The gate is whether random faults,
// or the exhaustive check, find it; a mutant that nobody finds shows where the tests are blind.

import type { Edit } from '../variants/load-variant.ts';

export interface Mutant {
  /** The line of the list, and a letter where it has several: 'A6b'. Or the behaviour that it lacks: 'not-C04'. */
  readonly id: string;
  /** What is wrong with the mutant. */
  readonly mistake: string;
  /** Where it was met: an issue, a pull request, a report. */
  readonly metIn: string;
  /** Below `cluster/src/`; or a source of the store below: `storage/src/...`. */
  readonly file: string;
  /** Each text stands in the file once. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  /** What else is changed: something that is right, but behind which the mistake would hide. */
  readonly also?: Pick<Mutant, 'file' | 'edits'>;
  /** Below `cluster/test/`: run with it, too, for behaviours that no scenario shows. */
  readonly tests?: readonly string[];
}

/** The mistake, put into the source as it is loaded. Refused where the source has moved on. */
export function editOf({ id, file, edits, also }: Mutant): Edit {
  const changes = [{ file, edits }, ...(also === undefined ? [] : [also])];
  return (path, source) => {
    const change = changes.find((each) => sourceOf(each) === path);
    if (change === undefined) return source;
    return change.edits.reduce((text, [from, to]) => {
      const places = text.split(from).length - 1;
      if (places !== 1) throw new Error(`${id}: ${change.file} has ${places} places like: ${from}`);
      return text.replace(from, () => to);
    }, source);
  };
}

/** The path of what it changes, from the package on. */
export function sourceOf({ file }: Pick<Mutant, 'file'>): string {
  return file.startsWith('storage/') ? `../${file}` : `src/${file}`;
}

/** The small world of the simulation, and scenarios, run the core alone. */
export function isInCore({ file }: Mutant): boolean {
  return file.startsWith('core/');
}
