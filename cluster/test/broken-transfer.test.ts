import t from 'tap';
import { type BrokenTransfer, breakTransfer } from '../testing/broken-transfer.ts';
import { mutantOf } from '../testing/mutants/all-mutants.ts';
import { editOf } from '../testing/mutants/mutant.ts';
import { variantUrl } from '../testing/variants/load-variant.ts';

type Breaking = Pick<typeof import('../testing/broken-transfer.ts'), 'breakTransfer'>;

/** The same events, with the mistake that the guard keeps away. */
async function breakTransferWith(id: string, kind: 'midway' | 'received'): Promise<BrokenTransfer> {
  const url = variantUrl(id, editOf(mutantOf(id)), 'testing/broken-transfer.ts');
  const mistaken: Breaking = await import(url);
  return mistaken.breakTransfer(kind);
}

t.test('a transfer that its leader broke off goes on when the same node leads again', async (t) => {
  const { chunks, held, isInstalled } = await breakTransfer('midway');
  t.ok(isInstalled);
  t.ok(held > 1);
  const again = chunks.filter((number) => number > 0 && number < held);
  t.same(again, [], 'what is held is asked for, and not sent again');
  const without = await breakTransferWith('F16a', 'midway');
  t.notOk(without.isInstalled, 'else the first chunk is sent over and over');
});

t.test('what was received in a term that is over is received again', async (t) => {
  const { chunks, held, isInstalled } = await breakTransfer('received');
  t.ok(isInstalled);
  t.same([...new Set(chunks)].length, held, 'all of it');
  const without = await breakTransferWith('F16b', 'received');
  t.notOk(without.isInstalled, 'else it is called received, and never is');
});
