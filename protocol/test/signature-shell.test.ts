import t from 'tap';
import { signatureShellSuite, verifyChecks } from '../testing/index.ts';

t.test('the test shell over node:crypto', async (t) => signatureShellSuite(t, verifyChecks));
