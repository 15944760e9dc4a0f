// What key-value clients and nodes say to each other: what is encoded comes back, other bytes are refused.
import fc from 'fast-check';
import t from 'tap';
import { frameBuffer } from '../testing/key-value/frame-buffer.ts';
import {
  decodeCommand,
  decodeFound,
  encodeFound,
  putCommand,
  swapCommand,
} from '../testing/key-value/kv-command.ts';
import {
  decodeKvFrame,
  decodeRows,
  encodeKvFrame,
  encodeRows,
  KV_SHAPE,
} from '../testing/key-value/kv-frames.ts';
import { kvMachine } from '../testing/key-value/kv-machine.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const bytesOf = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const row = fc.record({ key: bytesOf, value: bytesOf });

t.test('frames are whole however the stream is cut, and too large ones are refused', async (t) => {
  const sent = [
    encodeKvFrame(1, 2, Buffer.from('abc')),
    encodeKvFrame(2 ** 32 - 1, 0, Buffer.alloc(0)),
  ];
  const stream = Buffer.concat(sent);
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const take = frameBuffer(KV_SHAPE);
    const frames = [...take(stream.subarray(0, cut)), ...take(stream.subarray(cut))];
    t.same(frames, sent, `cut at ${cut}`);
  }
  t.same(decodeKvFrame(sent[0]!), { request: 1, code: 2, body: Buffer.from('abc') });
  t.throws(() => frameBuffer(KV_SHAPE)(hex('7fffffff')), /a frame of/);
});

t.test('rows, commands and answers come back; other bytes are refused', async (t) => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), (rows) =>
      t.same(decodeRows(encodeRows(rows)), rows),
    ),
    { numRuns: 50 },
  );
  fc.assert(
    fc.property(bytesOf, (bytes) => {
      decodeRows(bytes);
      decodeCommand(bytes);
      return true;
    }),
  );
  t.equal(decodeRows(hex('0001 61')), undefined, 'a key without a value');
  t.equal(decodeRows(hex('0001 61 0002 62')), undefined, 'a value that is cut');
  const [key, value, expected] = ['k', 'v', 'e'].map((text) => Buffer.from(text)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  t.same(decodeCommand(putCommand(key, value)), { key, value });
  const swap = { key, value, swap: { expected } };
  t.same(decodeCommand(swapCommand(key, expected, value)), swap);
  const swapOfNothing = { key, value, swap: { expected: undefined } };
  t.same(decodeCommand(swapCommand(key, undefined, value)), swapOfNothing);
  for (const found of [undefined, Buffer.alloc(0), value]) {
    t.same(decodeFound(encodeFound(found)), found);
  }
});

t.test('a put writes, a swap only if it finds what it expects, other bytes nothing', async (t) => {
  const context = { group: 1, slot: 1, index: 1, term: 1, entryTimeMs: 1, ruleVersion: 1 };
  const [key, a, b] = [Buffer.from('k'), Buffer.from('a'), Buffer.from('b')];
  const apply = (now: Buffer | undefined, command: Uint8Array) => {
    const { writes, reply } = kvMachine.apply(() => now, command, context);
    return { writes, found: decodeFound(Buffer.from(reply)) };
  };
  t.same(apply(a, new Uint8Array(putCommand(key, b))).writes, [{ key, value: b }]);
  t.same(apply(a, swapCommand(key, a, b)), { writes: [{ key, value: b }], found: a });
  t.same(apply(b, swapCommand(key, a, b)), { writes: [], found: b });
  t.same(apply(undefined, swapCommand(key, undefined, b)).writes, [{ key, value: b }]);
  t.same(apply(a, swapCommand(key, undefined, b)).writes, []);
  t.same(apply(a, hex('ff')).writes, []);
  t.same(kvMachine.readSet(1, putCommand(key, a)), []);
  t.same(kvMachine.readSet(1, swapCommand(key, undefined, a)), [key]);
});
