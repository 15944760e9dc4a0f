// Bytes from a socket to a client frame. What cannot be read ends the socket; a frame of a kind that
// this version does not know is told apart from one that is broken.

import {
  type Bytes,
  type ClientFrame,
  clientFrameShape,
  decodeCbor,
  decodeClientFrame,
  FRAME_BYTES_MAX,
  type Result,
  refuse,
  type Shape,
} from '@rockpool/protocol';

interface Typed {
  readonly type: string;
}

const typed: Shape<Typed> = (value) =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
    ? undefined
    : 'has no type';

/** Never throws. */
export function readClientFrame(message: Bytes): Result<ClientFrame> {
  const decoded = decodeClientFrame(message);
  if (decoded.ok || decoded.code !== 'PROTOCOL_MALFORMED') return decoded;
  const loose = decodeCbor(message, typed, FRAME_BYTES_MAX);
  if (!loose.ok) return decoded;
  const known = clientFrameShape({ type: loose.value.type }) !== UNKNOWN;
  return known ? decoded : refuse('PROTOCOL_UNKNOWN_FRAME', 'unknown type');
}

/** What the closed union says of a type that it does not list. */
const UNKNOWN = clientFrameShape({ type: '' });
