import fc from 'fast-check';
import t from 'tap';
import {
  array,
  bytes,
  CBOR_DEPTH_MAX,
  concatBytes,
  decodeCbor,
  ERRORS,
  encodeCbor,
  equalBytes,
  fromBase64url,
  fromHex,
  isErrorCode,
  lines,
  map,
  oneOf,
  type Shape,
  sha256Bytes,
  signInput,
  taggedHash,
  text,
  toBase64url,
  toCleanLine,
  toCleanLines,
  toHex,
  tuple,
  uint,
  union,
  utf8,
} from '../src/index.ts';
import { channelFrame, upTo } from './arbitraries.ts';
import { kindsOfBadCbor } from './bad-cbor.ts';
import { holdsForAll } from './holds-for-all.ts';

const anything: Shape<unknown> = () => undefined;

/** Arrays and maps nested up to twelve deep: on both sides of the limit. */
const tree: fc.Arbitrary<unknown> = fc.nat(12).chain((depth) => branch(depth));
function branch(depth: number): fc.Arbitrary<unknown> {
  if (depth === 0) return fc.constantFrom(7, 'x', [], {});
  const leaf = fc.constantFrom(7, 'x', [], {}, [[1], 2], { a: [1] });
  const inner = branch(depth - 1);
  return fc.oneof(fc.tuple(leaf, inner, leaf), fc.record({ a: leaf, b: inner }), fc.tuple(inner));
}

t.test('[ENC-1] what encodes decodes to the same bytes again', async (t) => {
  holdsForAll(
    t,
    fc.property(channelFrame, (value) => {
      const encoded = encodeCbor(value);
      const decoded = decodeCbor(encoded, anything, encoded.length);
      return decoded.ok && equalBytes(encodeCbor(decoded.value as object), encoded);
    }),
  );
});

t.test(
  '[ENC-1] random bytes never throw, and nothing but the deterministic form is taken',
  async (t) => {
    holdsForAll(
      t,
      fc.property(upTo(300), (random) => {
        const decoded = decodeCbor(random, anything, 300);
        return !decoded.ok || equalBytes(encodeCbor(decoded.value as object), random);
      }),
      { numRuns: 2000 },
    );
  },
);

t.test('[ENC-1] every other encoding of a value is refused', async (t) => {
  for (const [name, hex] of kindsOfBadCbor) {
    const bad = fromHex(hex);
    if (bad === undefined) throw new Error(name);
    const decoded = decodeCbor(bad, anything, 1000);
    t.match(decoded, { ok: false, code: 'PROTOCOL_MALFORMED' }, name);
  }
});

t.test('[ENC-2] a map with a missing, unknown or misfitting field is refused', async (t) => {
  const shape = map({ a: uint(10), b: bytes(2) }, { c: oneOf('x', 'y') });
  const decode = (value: object) => decodeCbor(encodeCbor(value), shape, 100).ok;
  const b = new Uint8Array(2);
  t.ok(decode({ a: 1, b }));
  t.ok(decode({ a: 1, b, c: 'y' }));
  for (const bad of [
    {},
    { a: 1 },
    { a: 1, b, d: 1 },
    { a: 11, b },
    { a: '1', b },
    { a: 1, b: new Uint8Array(3) },
    { a: 1, b, c: 'z' },
    { a: 1, b, c: null },
    { a: true, b },
    { a: 1, b, toString: 1 },
    [],
    b,
  ]) {
    t.notOk(decode(bad));
  }
  const proto = fromHex('a2616101695f5f70726f746f5f5fa0') ?? new Uint8Array(0);
  t.notOk(decodeCbor(proto, map({ a: uint() }), 100).ok, '__proto__ is a field like any other');
  const other = union('kind', { one: map({ kind: oneOf('one') }) });
  t.equal(other({ kind: 'one' }), undefined);
  for (const bad of [{ kind: 'two' }, { kind: 'toString' }, {}, null, 1]) t.ok(other(bad));
  t.ok(tuple(uint(), uint())([1]));
  t.ok(tuple(uint(), uint())([1, 'x']));
  t.ok(array(uint(), 2)([1, 2, 3]));
  t.ok(array(uint(), 2, 1)([]));
  t.ok(array(uint(), 2)([1, -1]));
});

t.test('[ENC-3] the size limit is checked before anything is parsed', async (t) => {
  const encoded = encodeCbor({ a: 1 });
  t.match(decodeCbor(encoded, anything, encoded.length), { ok: true });
  const refused = decodeCbor(encoded, anything, encoded.length - 1);
  t.match(refused, { ok: false, code: 'PROTOCOL_TOO_LARGE' });
});

t.test(
  '[ENC-3] nesting is allowed to the limit and refused beyond it, whatever surrounds it',
  async (t) => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    const decode = (value: unknown) => decodeCbor(encodeCbor(value as object), anything, 10_000);
    t.ok(decode(nested(CBOR_DEPTH_MAX)).ok);
    t.notOk(decode(nested(CBOR_DEPTH_MAX + 1)).ok);
    t.ok(decode([[1, [2]], nested(CBOR_DEPTH_MAX - 1), { a: [], b: {} }, 'x']).ok);
    t.notOk(decode([[1, [2]], 'x', nested(CBOR_DEPTH_MAX)]).ok);
    const bomb = new Uint8Array(100_000).fill(0x81);
    t.match(decodeCbor(bomb, anything, bomb.length), { ok: false });
    const tags = new Uint8Array(100_000).fill(0xc6);
    t.match(decodeCbor(tags, anything, tags.length), { ok: false });
    holdsForAll(
      t,
      fc.property(tree, (value) => decode(value).ok === containers(value) <= CBOR_DEPTH_MAX),
      { numRuns: 1000 },
    );
  },
);

t.test('[ENC-4] text is NFC and holds nothing that hides or reorders it', async (t) => {
  const name = text(64);
  const message = lines(64);
  for (const good of ['', 'Calm Otter', 'Zoë', '👩‍👩‍👧', 'שלום', 'می‌خواهم']) {
    t.equal(name(good), undefined, good);
  }
  for (const bad of [
    'a\nb',
    'a\tb',
    'a\u202eb',
    'a\u2066b',
    'a\u200bb',
    'a\u061cb',
    'e\u0308',
    'a\u0000',
    '\ufeffa',
  ]) {
    t.ok(name(bad), JSON.stringify(bad));
  }
  for (const good of ['two\nlines', 'a\ttab', 'א\u200fב']) t.equal(message(good), undefined, good);
  for (const bad of ['a\rb', 'a\u202eb', 'a\u2069b', 'a\u0007', 'e\u0308']) t.ok(message(bad));
  t.ok(text(3)('aäb'), 'the limit counts UTF-8 bytes');
  t.equal(text(4)('aäb'), undefined);
  t.ok(text(3)(5));
});

t.test('[ENC-4] cleaned text is text that may travel, and stays as it is', async (t) => {
  t.equal(toCleanLine('!\t\u0000\t!'), '! !', 'nothing hidden stands between two spaces');
  holdsForAll(
    t,
    fc.property(fc.string({ unit: 'binary' }), (typed) => {
      const line = toCleanLine(typed);
      const running = toCleanLines(typed);
      return (
        text(10_000)(line) === undefined &&
        lines(10_000)(running) === undefined &&
        toCleanLine(line) === line &&
        toCleanLines(running) === running
      );
    }),
    { numRuns: 1000 },
  );
});

t.test('[ENC-5] sign and hash input is the tag, a zero byte, and the parts joined', async (t) => {
  const input = signInput('stmt', utf8('ab'), utf8('c'));
  t.strictSame(input, utf8('rockpool/stmt/v1\0abc'));
  t.strictSame(taggedHash('link', utf8('abc')), sha256Bytes(utf8('rockpool/link/v1\0abc')));
  t.equal(
    toHex(taggedHash('device', utf8('abc'))),
    toHex(sha256Bytes(concatBytes(utf8('rockpool/device/v1'), Uint8Array.of(0), utf8('abc')))),
  );
  t.notSame(taggedHash('link', utf8('a')), taggedHash('device', utf8('a')));
});

t.test('[ENC-6] base64url round trips, and every byte string has one text only', async (t) => {
  holdsForAll(
    t,
    fc.property(upTo(100), (random) => {
      const written = toBase64url(random);
      const read = fromBase64url(written);
      return (
        written === Buffer.from(random).toString('base64url') &&
        read !== undefined &&
        equalBytes(read, random)
      );
    }),
  );
  holdsForAll(
    t,
    fc.property(fc.string({ maxLength: 20 }), (typed) => {
      const read = fromBase64url(typed);
      return read === undefined || toBase64url(read) === typed;
    }),
  );
  for (const bad of ['A', 'AB', 'AAA=', 'AA==', 'A A', 'AA+/', 'AAB']) {
    t.equal(fromBase64url(bad), undefined, bad);
  }
});

t.test('hex round trips', async (t) => {
  holdsForAll(
    t,
    fc.property(upTo(50), (a) => {
      const read = fromHex(toHex(a));
      return read !== undefined && equalBytes(read, a);
    }),
  );
  const long = Uint8Array.from({ length: 200_000 }, (_, i) => i);
  t.ok(equalBytes(fromHex(toHex(long)) ?? long.subarray(1), long), 'longer than a call takes');
  for (const bad of ['0', 'AB', 'zz', ' 00']) t.equal(fromHex(bad), undefined);
});

t.test('every expected failure says what happened and what to do', async (t) => {
  for (const [code, entry] of Object.entries(ERRORS)) {
    t.ok(isErrorCode(code));
    t.match(entry.message, /^[A-Z].*\.$/);
    t.match(entry.remedy, /^[A-Z].*\.$/);
    t.ok(entry.close === 0 || (entry.close >= 4400 && entry.close <= 4599), code);
  }
  t.notOk(isErrorCode('toString'));
});

/** Nested containers around the deepest value; an empty one cannot nest anything. */
function containers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value);
  return inner.length === 0 ? 0 : 1 + Math.max(...inner.map(containers));
}
