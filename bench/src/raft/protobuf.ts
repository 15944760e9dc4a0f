// As much of the protobuf wire format as etcd's Put, Range and Status need: varints and bytes
// (https://protobuf.dev/programming-guides/encoding). Fixed-width fields are passed over.

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const VARINT_BYTES_MAX = 10;

export interface ProtobufField {
  readonly field: number;
  /** A bigint for a varint, else the bytes of a string, bytes or message field. */
  readonly value: bigint | Buffer;
}

/** A message of these fields, in this order. */
export function encodeProtobuf(
  fields: readonly (readonly [field: number, value: number | boolean | Uint8Array])[],
): Buffer {
  const parts: Uint8Array[] = [];
  for (const [field, value] of fields) {
    if (value instanceof Uint8Array) {
      parts.push(varint((field << 3) | BYTES), varint(value.length), value);
    } else parts.push(varint((field << 3) | VARINT), varint(Number(value)));
  }
  return Buffer.concat(parts);
}

/** Throws on bytes that are no message. Field values are views of `bytes`. */
export function decodeProtobuf(bytes: Buffer): readonly ProtobufField[] {
  const fields: ProtobufField[] = [];
  let at = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let index = 0; index < VARINT_BYTES_MAX; index += 1) {
      const byte = bytes[at];
      if (byte === undefined) throw new Error('protobuf: the message is cut');
      at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error('protobuf: a varint is too long');
  };
  const take = (count: number): Buffer => {
    if (count > bytes.length - at) throw new Error('protobuf: the message is cut');
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const tag = Number(readVarint());
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case VARINT:
        fields.push({ field, value: readVarint() });
        break;
      case BYTES:
        fields.push({ field, value: take(Number(readVarint())) });
        break;
      case FIXED64:
        take(8);
        break;
      case FIXED32:
        take(4);
        break;
      default:
        throw new Error(`protobuf: wire type ${tag % 8}`);
    }
  }
  return fields;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.of(...bytes, rest);
}
