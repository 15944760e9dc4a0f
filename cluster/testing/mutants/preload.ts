// `MUTANT=A1 node --import .../preload.ts file.test.ts`: a test file, with a mutant in the place of the real source.

import { editSources } from '../variants/load-variant.ts';
import { MUTANTS } from './all-mutants.ts';
import { editOf } from './mutant.ts';

const mutant = MUTANTS.find(({ id }) => id === process.env['MUTANT']);
if (mutant === undefined) throw new Error(`there is no mutant ${process.env['MUTANT']}`);
editSources(editOf(mutant));
