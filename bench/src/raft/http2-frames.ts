// Frames of HTTP/2 (RFC 9113, section 4.1) and the request headers of a gRPC call in HPACK (RFC 7541).
import type { FrameShape } from '@rockpool/cluster/testing';

export const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const HTTP2_HEADER_BYTES = 9;
/** The largest that a server may send unless it is told otherwise. */
const PAYLOAD_BYTES_MAX = 16_384;

export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;

/** END_STREAM of data and headers, ACK of settings and ping: the same bit. */
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;

export const HTTP2_SHAPE: FrameShape = {
  headerBytes: HTTP2_HEADER_BYTES,
  frameBytesMax: HTTP2_HEADER_BYTES + PAYLOAD_BYTES_MAX,
  bodyBytes: (header) => header.readUIntBE(0, 3),
};

export interface Http2Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function encodeHttp2Frame({ type, flags, stream, payload }: Http2Frame): Buffer {
  const frame = Buffer.allocUnsafe(HTTP2_HEADER_BYTES + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame.writeUInt8(type, 3);
  frame.writeUInt8(flags, 4);
  frame.writeUInt32BE(stream, 5);
  frame.set(payload, HTTP2_HEADER_BYTES);
  return frame;
}

export function decodeHttp2Frame(frame: Buffer): Http2Frame {
  return {
    type: frame.readUInt8(3),
    flags: frame.readUInt8(4),
    stream: frame.readUInt32BE(5) & 0x7fff_ffff,
    payload: frame.subarray(HTTP2_HEADER_BYTES),
  };
}

/** Fields of the static table whose names or values a call uses (RFC 7541, appendix A). */
const STATIC = { methodPost: 3, schemeHttp: 6, authority: 1, path: 4, contentType: 31 };
const STATIC_FIELDS = 61;
const INDEXED = 0x80;
const INCREMENTAL = 0x40;

/**
 * Header blocks of the calls of one connection. What is said once is an index afterwards, as every gRPC
 * library does it, so that the server's work is what it would be with any of them.
 */
export class CallHeaders {
  /** Which insertion into the dynamic table a text was. */
  readonly #inserted = new Map<string, number>();

  block(path: string): Buffer {
    return Buffer.concat([
      Buffer.of(INDEXED | STATIC.methodPost, INDEXED | STATIC.schemeHttp),
      this.#field(path, STATIC.path),
      this.#field('localhost', STATIC.authority),
      this.#field('application/grpc', STATIC.contentType),
      this.#field('trailers', 'te'),
    ]);
  }

  #field(value: string, name: number | string): Buffer {
    const ordinal = this.#inserted.get(value);
    if (ordinal !== undefined) {
      const newest = this.#inserted.size - 1;
      return Buffer.of(INDEXED | (STATIC_FIELDS + 1 + newest - ordinal));
    }
    this.#inserted.set(value, this.#inserted.size);
    if (typeof name === 'number')
      return Buffer.concat([Buffer.of(INCREMENTAL | name), text(value)]);
    return Buffer.concat([Buffer.of(INCREMENTAL), text(name), text(value)]);
  }
}

/** A string of less than 127 bytes, not compressed. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
}
