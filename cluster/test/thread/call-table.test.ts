import t from 'tap';
import type { BatchedPort } from '../../src/thread/batched-port.ts';
import { CallTable } from '../../src/thread/call-table.ts';
import type { FromNode, ToNode } from '../../src/thread/messages.ts';

t.test('a thread that has too much to do is still told what it may let go', async (t) => {
  const posted: unknown[] = [];
  const busy = {
    waitingBytes: Number.POSITIVE_INFINITY,
    post: (call: ToNode) => posted.push(call[2]),
  };
  const calls = new CallTable(busy as unknown as BatchedPort<ToNode, FromNode>);
  await t.rejects(calls.call('readBackup', 1), { code: 'CLUSTER_BUSY' });
  const closing = calls.call('closeBackup', 1);
  const stopping = calls.call('stop');
  t.same(posted, ['closeBackup', 'stop']);
  calls.answered(1, undefined);
  calls.answered(2, undefined);
  await t.resolves(Promise.all([closing, stopping]));
});
