import fc from 'fast-check';
import t from 'tap';
import {
  BLOCK_BYTES,
  BLOCK_FRAME_PAYLOAD_BYTES,
  type BlockFrame,
  type Bytes,
  decodeBlockFrame,
  decodeChannelFrame,
  decodeClientFrame,
  decodeInviteLink,
  decodeMeetingBody,
  decodeMeetingLink,
  decodePeerSignal,
  decodePoolState,
  decodeRecord,
  decodeRecordBody,
  decodeServerFrame,
  decodeUserState,
  encodeBlockFrame,
  encodeCbor,
  encodeEnvelope,
  encodeInviteLink,
  encodeMeetingLink,
  encodePoolState,
  encodeRecordHeader,
  encodeUserState,
  equalBytes,
  joinRecord,
  peekPoolStatement,
  peekUserStatement,
  RECORD_KINDS,
  type Result,
} from '../src/index.ts';
import * as arb from './arbitraries.ts';
import { holdsForAll } from './holds-for-all.ts';

interface Codec {
  readonly name: string;
  /** Bytes of a random well-formed message. */
  readonly written: fc.Arbitrary<Bytes>;
  /** Decodes, and encodes again what was decoded. */
  readonly again: (bytes: Bytes) => Result<unknown> | Bytes;
  readonly bytesMax?: number;
}

function again<T>(decoded: Result<T>, encode: (value: T) => Bytes): Result<T> | Bytes {
  return decoded.ok ? encode(decoded.value) : decoded;
}

const cborFrame = <T extends object>(
  name: string,
  message: fc.Arbitrary<unknown>,
  decode: (bytes: Bytes) => Result<T>,
): Codec => ({
  name,
  written: message.map((value) => encodeCbor(value as object)),
  again: (bytes) => again(decode(bytes), encodeCbor),
});

const latin1 = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'latin1'));
const inEnvelope = (statement: fc.Arbitrary<unknown>) =>
  statement
    .map((value) => encodeCbor(value as object))
    .filter((link) => link.length <= 4096)
    .map((link) => {
      const sigs = [{ by: 'device', device: new Uint8Array(32), sig: new Uint8Array(64) } as const];
      return encodeEnvelope({ v: 1, link, sigs });
    });

const CODECS: readonly Codec[] = [
  cborFrame('[WS-1] client frames', arb.clientFrame, decodeClientFrame),
  cborFrame('[WS-1] server frames', arb.serverFrame, decodeServerFrame),
  cborFrame(
    '[MEET-7] what two devices that meet tell each other',
    arb.meetingBody,
    decodeMeetingBody,
  ),
  cborFrame('[CHN-1] channel frames', arb.channelFrame, decodeChannelFrame),
  cborFrame('[SIG-1] peer signals', arb.peerSignal, decodePeerSignal),
  {
    name: '[USR-1] user statements in their envelopes',
    written: inEnvelope(arb.userStatement),
    again: (bytes) => again(peekUserStatement(bytes), ({ envelope }) => encodeEnvelope(envelope)),
  },
  {
    name: '[POOL-1] pool statements in their envelopes',
    written: inEnvelope(arb.poolStatement),
    again: (bytes) => again(peekPoolStatement(bytes), ({ envelope }) => encodeEnvelope(envelope)),
  },
  {
    name: '[ENC-7] user state rows',
    written: arb.userState.map(encodeUserState),
    again: (bytes) => again(decodeUserState(bytes), encodeUserState),
  },
  {
    name: '[ENC-7] pool state rows',
    written: arb.poolState.map(encodePoolState),
    again: (bytes) => again(decodePoolState(bytes), encodePoolState),
  },
  {
    name: '[WS-6] invite links',
    written: arb.inviteLink.map((link) => latin1(encodeInviteLink(link))),
    again: (bytes) =>
      again(decodeInviteLink(Buffer.from(bytes).toString('latin1')), (link) =>
        latin1(encodeInviteLink(link)),
      ),
  },
  {
    name: '[MEET-7] links of new devices',
    written: arb.meetingLink.map((link) => latin1(encodeMeetingLink(link))),
    again: (bytes) =>
      again(decodeMeetingLink(Buffer.from(bytes).toString('latin1')), (link) =>
        latin1(encodeMeetingLink(link)),
      ),
  },
  {
    name: '[REC-1] records',
    written: fc
      .tuple(arb.recordHeader, arb.bytesOf(64))
      .map(([header, signature]) => joinRecord(encodeRecordHeader(header), signature)),
    again: (bytes) =>
      again(decodeRecord(bytes), ({ header, signature }) =>
        joinRecord(encodeRecordHeader(header), signature),
      ),
  },
  {
    name: '[FILE-4] block frames',
    written: fc
      .record({ transfer: arb.re, offset: fc.nat(1000), payload: arb.upTo(500, 1) })
      .map((frame) => encodeBlockFrame(frame)),
    again: (bytes) =>
      again<BlockFrame>(decodeBlockFrame(bytes), (frame) => encodeBlockFrame(frame)),
  },
];

for (const codec of CODECS) {
  t.test(`${codec.name} round trip`, async (t) => {
    holdsForAll(
      t,
      fc.property(codec.written, (bytes) => {
        const result = codec.again(bytes);
        return result instanceof Uint8Array && equalBytes(result, bytes);
      }),
    );
  });

  t.test(
    `${codec.name}: random, cut and changed bytes never throw, or mean what they are`,
    async (t) => {
      const changed = fc
        .tuple(codec.written, fc.nat(), fc.integer({ min: 1, max: 255 }))
        .map(([bytes, at, by]) => {
          const copy = bytes.slice();
          copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ by;
          return copy;
        });
      const cut = fc
        .tuple(codec.written, fc.nat())
        .map(([bytes, at]) => bytes.slice(0, at % bytes.length));
      holdsForAll(
        t,
        fc.property(fc.oneof(arb.upTo(400), changed, cut), (bytes) => {
          const result = codec.again(bytes);
          return result instanceof Uint8Array ? equalBytes(result, bytes) : !result.ok;
        }),
        { numRuns: 300 },
      );
    },
  );
}

t.test('[WS-1] a frame of an unknown type or beyond its size is refused', async (t) => {
  const unknown = encodeCbor({ type: 'sudo', re: 1 });
  for (const decode of [
    decodeClientFrame,
    decodeServerFrame,
    decodeChannelFrame,
    decodePeerSignal,
  ]) {
    t.match(decode(unknown), { ok: false, code: 'PROTOCOL_MALFORMED' });
    t.match(decode(new Uint8Array(300_000)), { ok: false, code: 'PROTOCOL_TOO_LARGE' });
  }
});

t.test('[ENC-7] a row of another version is refused, never guessed at', async (t) => {
  const [user] = fc.sample(arb.userState, 1);
  const [pool] = fc.sample(arb.poolState, 1);
  t.match(decodeUserState(encodeCbor({ v: 2, ...user })), { ok: false });
  t.match(decodePoolState(encodeCbor({ v: 2, ...pool })), { ok: false });
  t.match(decodeUserState(encodeCbor({ ...user })), { ok: false });
});

t.test('[WS-6] an invite link that is too long or not base64url is refused', async (t) => {
  t.match(decodeInviteLink('A'.repeat(10_000)), { ok: false, code: 'PROTOCOL_TOO_LARGE' });
  t.match(decodeInviteLink('not a link'), { ok: false, code: 'PROTOCOL_MALFORMED' });
  t.match(decodeInviteLink(''), { ok: false, code: 'PROTOCOL_MALFORMED' });
});

t.test(
  '[FILE-4] a block frame that is empty, too long or reaches past its block is refused',
  async (t) => {
    const frame = (offset: number, length: number) =>
      decodeBlockFrame(encodeBlockFrame({ transfer: 1, offset, payload: new Uint8Array(length) }))
        .ok;
    t.ok(frame(0, BLOCK_FRAME_PAYLOAD_BYTES));
    t.ok(frame(BLOCK_BYTES - 1, 1));
    t.notOk(frame(0, 0));
    t.notOk(frame(0, BLOCK_FRAME_PAYLOAD_BYTES + 1));
    t.notOk(frame(BLOCK_BYTES - 1, 2));
    t.notOk(frame(2 ** 32 - 1, 1));
  },
);

t.test('[REC-5] bodies round trip, and only in their own kind', async (t) => {
  const bodies = {
    text: { v: 1, text: 'two\nlines' },
    file: {
      v: 1,
      hash: 'sha256',
      root: new Uint8Array(32),
      size: 5,
      type: 'text/plain',
      name: 'a.txt',
    },
    profile: { v: 1, name: 'Calm Otter', hue: 200 },
    pool: { v: 1, name: 'Quiet Lagoon' },
  } as const;
  for (const kind of RECORD_KINDS) {
    const body = encodeCbor(bodies[kind]);
    t.strictSame(decodeRecordBody(kind, body), { ok: true, value: bodies[kind] });
    for (const other of RECORD_KINDS) t.equal(decodeRecordBody(other, body).ok, other === kind);
    t.notOk(decodeRecordBody(kind, encodeCbor({ ...bodies[kind], v: 2 })).ok);
    t.notOk(decodeRecordBody(kind, encodeCbor({ ...bodies[kind], more: 1 })).ok);
  }
  t.notOk(decodeRecordBody('profile', encodeCbor({ v: 1, name: 'x', hue: 360 })).ok);
  t.notOk(decodeRecordBody('text', encodeCbor({ v: 1, text: 'x'.repeat(32 * 1024 + 1) })).ok);
  t.notOk(decodeRecordBody('text', new Uint8Array(50_000)).ok);
});
