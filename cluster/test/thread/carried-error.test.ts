import { MessageChannel } from 'node:worker_threads';
import t from 'tap';
import type { ClusterLogger } from '../../src/options.ts';
import { BatchedPort } from '../../src/thread/batched-port.ts';
import { type CarriedError, carry, uncarry } from '../../src/thread/carried-error.ts';
import { loggerTo, logTo } from '../../src/thread/log-lines.ts';
import type { FromNode } from '../../src/thread/messages.ts';

/** Of a kind that no thread can send to another. */
const unsendable = () => ({ close: () => {} });

function failed(): Error {
  const inner = Object.assign(new Error('the disk said no', { cause: unsendable() }), {
    code: 'EIO',
  });
  return new TypeError('it failed', { cause: inner });
}

t.test(
  'a failure whose cause cannot be copied arrives all the same, and what it came with',
  async (t) => {
    const { port1, port2 } = new MessageChannel();
    t.teardown(() => port1.close());
    const heard: FromNode[] = [];
    const done = Promise.withResolvers<void>();
    const sender = new BatchedPort<FromNode, never>(port1, { received: () => {} });
    new BatchedPort<never, FromNode>(port2, {
      received: (message) => {
        heard.push(message);
        if (heard.length === 3) done.resolve();
      },
    });
    sender.post(['answer', 1, 'before']);
    sender.post(['failed', 2, carry(failed())]);
    loggerTo(sender).warn({ group: 3, err: failed() }, 'a write failed');
    await done.promise;
    const [, failure, line] = heard;
    const error = uncarry(failure?.[2] as CarriedError);
    t.match(error, { name: 'TypeError', message: 'it failed', stack: /carried-error\.test/ });
    t.ok(error instanceof TypeError);
    t.match(error.cause, { message: 'the disk said no', code: 'EIO' });
    const lines: unknown[] = [];
    const note = (...said: unknown[]) => lines.push(said);
    const logger: ClusterLogger = { debug: note, info: note, warn: note, error: note };
    if (line?.[0] === 'log') logTo(logger, line);
    t.match(lines, [
      [{ group: 3, err: { name: 'TypeError', cause: { code: 'EIO' } } }, 'a write failed'],
    ]);
    t.ok((lines as [[{ err: Error }]])[0][0].err instanceof Error);
  },
);

t.test('causes that go round in a circle end', (t) => {
  const error = new Error('round');
  error.cause = error;
  t.match(uncarry(carry(error)), { message: 'round', cause: { message: 'round' } });
  t.equal(uncarry(carry('words')).message, 'words');
  t.end();
});
