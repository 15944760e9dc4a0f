// What the load says to etcd: bytes as the specifications have them, and decoders that refuse.
import { frameBuffer } from '@rockpool/cluster/testing';
import fc from 'fast-check';
import t from 'tap';
import { decodeRange } from '../src/raft/etcd-client.ts';
import {
  CallHeaders,
  decodeHttp2Frame,
  encodeHttp2Frame,
  HTTP2_SHAPE,
} from '../src/raft/http2-frames.ts';
import { decodeProtobuf, encodeProtobuf } from '../src/raft/protobuf.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const bytesOf = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

t.test('protobuf bytes are those of the published examples', async (t) => {
  t.same(encodeProtobuf([[1, 150]]), hex('08 96 01'));
  t.same(encodeProtobuf([[2, Buffer.from('testing')]]), hex('12 07 74 65 73 74 69 6e 67'));
  t.same(encodeProtobuf([[7, true]]), hex('38 01'));
  t.same(decodeProtobuf(hex('08 96 01 12 07 74 65 73 74 69 6e 67')), [
    { field: 1, value: 150n },
    { field: 2, value: Buffer.from('testing') },
  ]);
  t.same(decodeProtobuf(hex('09 0102030405060708 15 01020304 18 05')), [{ field: 3, value: 5n }]);
  t.same(decodeProtobuf(hex('08 ffffffffffffffffff01')), [{ field: 1, value: 2n ** 64n - 1n }]);
});

t.test(
  'protobuf fields come back, and random bytes are read or refused with an error',
  async (t) => {
    const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const fields = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.oneof(number, bytesOf)),
    );
    fc.assert(
      fc.property(fields, (sent) => {
        const expected = sent.map(([field, value]) => {
          return { field, value: typeof value === 'number' ? BigInt(value) : value };
        });
        t.same(decodeProtobuf(encodeProtobuf(sent)), expected);
      }),
      { numRuns: 50 },
    );
    fc.assert(fc.property(bytesOf, (bytes) => refusesOrReads(() => decodeProtobuf(bytes))));
    t.throws(() => decodeProtobuf(hex('12 07 74')), /cut/);
    t.throws(() => decodeProtobuf(hex('08 ffffffffffffffffffffff')), /too long/);
    t.throws(() => decodeProtobuf(hex('0b')), /wire type 3/);
  },
);

t.test('the rows of a range are read from among its other fields', async (t) => {
  const kv = (fields: Parameters<typeof encodeProtobuf>[0]) => encodeProtobuf(fields);
  const first = kv([
    [1, Buffer.from('a')],
    [2, 7],
    [5, Buffer.from('x')],
  ]);
  const response = kv([
    [1, kv([[2, 3]])],
    [2, first],
    [2, kv([[1, Buffer.from('b')]])],
    [4, 2],
  ]);
  t.same(decodeRange(response), [
    { key: Buffer.from('a'), value: Buffer.from('x') },
    { key: Buffer.from('b'), value: Buffer.alloc(0) },
  ]);
  t.throws(() => decodeRange(kv([[2, 5]])), /no message/);
});

t.test('HTTP/2 frames come back, and a call names its headers once', async (t) => {
  const frame = { type: 1, flags: 4, stream: 77, payload: Buffer.from('abc') };
  t.same(encodeHttp2Frame(frame), hex('000003 01 04 0000004d 616263'));
  t.same(decodeHttp2Frame(encodeHttp2Frame(frame)), frame);
  const headers = new CallHeaders();
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  const first = Buffer.concat([
    hex('83 86 44'),
    text('/a'),
    hex('41'),
    text('localhost'),
    hex('5f'),
    text('application/grpc'),
    hex('40'),
    text('te'),
    text('trailers'),
  ]);
  t.same(headers.block('/a'), first);
  t.same(headers.block('/a'), hex('83 86 c1 c0 bf be'), 'the oldest entry has the highest index');
  t.same(headers.block('/b'), Buffer.concat([hex('83 86 44'), text('/b'), hex('c1 c0 bf')]));
  t.same(headers.block('/a'), hex('83 86 c2 c1 c0 bf'));
});

t.test('HTTP/2 frames that are too large are refused', async (t) => {
  t.throws(() => frameBuffer(HTTP2_SHAPE)(hex('ffffff 00 00 00000000')), /a frame of/);
});

/** Any answer will do, and an Error; what else is thrown fails the property. */
function refusesOrReads(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof RangeError) throw error;
  }
}
