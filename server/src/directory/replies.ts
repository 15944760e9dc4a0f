// What apply answers to the submitter. Stored nowhere, but it crosses nodes (a follower's submit is
// answered by what it applied itself), so it is versioned like everything else.

import {
  decodeCbor,
  type ErrorCode,
  encodeCbor,
  type Head,
  headShape,
  isErrorCode,
  map,
  oneOf,
  type Result,
  refuse,
  type ShapeType,
  text,
  uint,
  union,
} from '@rockpool/protocol';
import type { Bytes } from './ports.ts';

const v = oneOf(1);
const REPLY_BYTES_MAX = 1024;
/** Longest `detail`; longer ones are cut. */
const DETAIL_BYTES_MAX = 200;

const replyShape = union('reply', {
  /** For statements: the link's place in its chain and the time of its log entry. */
  ok: map({ v, reply: oneOf('ok') }, { head: headShape, time: uint() }),
  /** `head`: where the chain stands instead, so that the client can look again. */
  error: map(
    { v, reply: oneOf('error'), code: text(64), detail: text(DETAIL_BYTES_MAX) },
    {
      head: headShape,
    },
  ),
});
type WireReply = ShapeType<typeof replyShape>;

export type Reply =
  | { readonly ok: true; readonly head?: Head; readonly time?: number }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly detail: string;
      readonly head?: Head;
    };

export function encodeReply(reply: Reply): Bytes {
  if (!reply.ok) {
    const { code, head } = reply;
    return encodeCbor({ v: 1, reply: 'error', code, detail: plainDetail(reply.detail), head });
  }
  return encodeCbor({ v: 1, reply: 'ok', head: reply.head, time: reply.time });
}

/** Refuses bytes that no node of this version would have answered. Never throws. */
export function decodeReply(reply: Bytes): Result<Reply> {
  const decoded = decodeCbor(reply, replyShape, REPLY_BYTES_MAX);
  if (!decoded.ok) return decoded;
  const value: WireReply = decoded.value;
  const head = value.head === undefined ? {} : { head: value.head };
  if (value.reply === 'error') {
    if (!isErrorCode(value.code)) return refuse('PROTOCOL_MALFORMED', 'unknown error code');
    return {
      ok: true,
      value: { ok: false, code: value.code, detail: value.detail, ...head },
    };
  }
  const time = value.time === undefined ? {} : { time: value.time };
  return { ok: true, value: { ok: true, ...head, ...time } };
}

// Details may quote what a decoder met; the reply's text field takes plain characters only.
function plainDetail(detail: string): string {
  return detail.replace(/[^\x20-\x7e]/g, '?').slice(0, DETAIL_BYTES_MAX);
}
