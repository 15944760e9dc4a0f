import { MessageChannel } from 'node:worker_threads';
import t from 'tap';
import { BatchedPort, type PortEnd } from '../../src/thread/batched-port.ts';
import { type PackedRecord, recordAt } from '../../src/thread/packed-records.ts';

type Message = PackedRecord | readonly ['plain', bytes: Uint8Array];

const submit = (id: number, bytes: Uint8Array, timeoutMs?: number): PackedRecord<'submit'> => [
  'submit',
  id,
  3,
  timeoutMs,
  bytes,
];

/** What arrives of what is posted in one turn, and how much was posted. */
async function exchange(post: (port: BatchedPort<Message, Message>) => number) {
  const { port1, port2 } = new MessageChannel();
  const posted: unknown[] = [];
  const counted: PortEnd = {
    postMessage: (value, transfer) => {
      posted.push(value);
      port1.postMessage(value, transfer);
    },
    on: (event, listener) => port1.on(event, listener),
  };
  const sender = new BatchedPort<Message, Message>(counted, { received: () => {} });
  const heard: Message[] = [];
  const done = Promise.withResolvers<void>();
  const messages = post(sender);
  new BatchedPort<Message, Message>(port2, {
    received: (message) => {
      if (heard.push(message) === messages) done.resolve();
    },
  });
  const waitingBytes = sender.waitingBytes;
  await done.promise;
  port1.close();
  return { heard, posted, waitingBytes };
}

t.test('records and other messages arrive in the order in which they were posted', async (t) => {
  const { heard, posted } = await exchange((port) => {
    port.postRecord(submit(1, Buffer.from('one'), 500));
    port.postRecord(['submitted', 7, 2 ** 52, 1_700_000_000_000.5, Buffer.from('two')]);
    port.post(['plain', port.copy(Buffer.from('three'))]);
    port.postRecord(submit(2, Buffer.alloc(0)));
    return 4;
  });
  t.equal(posted.length, 1);
  t.same(
    heard.map(([name, ...rest]) => [
      name,
      ...rest.slice(0, -1),
      `${Buffer.from(rest.at(-1) as Uint8Array)}`,
    ]),
    [
      ['submit', 1, 3, 500, 'one'],
      ['submitted', 7, 2 ** 52, 1_700_000_000_000.5, 'two'],
      ['plain', 'three'],
      ['submit', 2, 3, undefined, ''],
    ],
  );
});

t.test('bytes of every size arrive whole, and weigh what they are', async (t) => {
  const sizes = [0, 2_047, 2_049, 65_536, 65_537, 1_000_000, ...Array(1_000).fill(300)];
  const { heard, waitingBytes } = await exchange((port) => {
    for (const [id, size] of sizes.entries()) {
      const bytes = new Uint8Array(size).fill(size % 251);
      port.postRecord(submit(id, bytes));
      bytes.fill(255);
    }
    return sizes.length;
  });
  t.ok(waitingBytes >= sizes.reduce((sum, size) => sum + size, 0));
  for (const [at, message] of heard.entries()) {
    const bytes = message.at(-1) as Uint8Array;
    const size = sizes[at]!;
    const isWhole = bytes.length === size && bytes.every((byte) => byte === size % 251);
    if (!isWhole || message[1] !== at) t.fail(`record ${at} of ${size} bytes`);
  }
});

t.test('what is no record is not taken for one', async (t) => {
  const buffers = [new ArrayBuffer(8)];
  const record = (...numbers: readonly number[]) => ({
    numbers: Float64Array.from(numbers),
    buffers,
  });
  t.same(
    recordAt(record(0, 1, 2, Number.NaN, 0, 2, 4), 0),
    submit(1, new Uint8Array(4)).with(2, 2),
  );
  const no = { message: 'a record is not as it was sent' };
  t.throws(() => recordAt(record(9, 1, 2, 3, 0, 0, 4), 0), no);
  t.throws(() => recordAt(record(0, 1, 2, 3, 1, 0, 4), 0), no);
  t.throws(() => recordAt(record(0, 1, 2, 3, 0, 6, 4), 0), RangeError);
  t.throws(() => recordAt(record(0, 1, 2, 3, 0, 0, 4), 1), no);
});
