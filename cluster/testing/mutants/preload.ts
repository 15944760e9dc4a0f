// `MUTANT=A1 node --import .../preload.ts file.test.ts`: a test file, with a mutant in the place of the real source.

import { editSources } from '../variants/load-variant.ts';
import { mutantOf } from './all-mutants.ts';
import { editOf } from './mutant.ts';

editSources(editOf(mutantOf(process.env['MUTANT'])));
