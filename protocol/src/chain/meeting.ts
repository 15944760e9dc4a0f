// How a person brings a new device into their account: the two devices meet under a code, agree on six
// digits, and the person compares them. What they say to each other passes a node that may lie: the
// new device commits to its keys before it learns whom it meets, and both see all of it in the digits,
// so that a node in the middle has one guess in a million (a short authentication string, as in
// ZRTP, RFC 6189 section 4.3). A link scanned from the new device's screen also carries a secret,
// by which the new device knows that whoever comes has seen that screen.

import { fromBase64url, toBase64url } from '../encoding/base64url.ts';
import type { Bytes } from '../encoding/bytes.ts';
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts';
import { taggedHash, taggedMac } from '../encoding/hash.ts';
import { type Result, refuse } from '../encoding/result.ts';
import {
  bytes,
  bytesUpTo,
  headShape,
  map,
  oneOf,
  refShape,
  type ShapeType,
  text,
  union,
} from '../encoding/shape.ts';
import {
  MEETING_BODY_BYTES_MAX,
  MEETING_CODE_CHARS,
  MEETING_LINK_CHARS_MAX,
  STATEMENT_BYTES_MAX,
} from '../limits.ts';
import { deviceShape } from './statements.ts';

const v = oneOf(1);

const announcementShape = map({ device: deviceShape, nonce: bytes(32) });
/** The new device's keys and a random number: what it commits to, and shows later. */
export type Announcement = ShapeType<typeof announcementShape>;

const introductionShape = map({
  user: refShape,
  head: headShape,
  device: bytes(32),
  nonce: bytes(32),
});
/** Who comes: the account, the newest link of its chain, the device, and a random number. */
export type Introduction = ShapeType<typeof introductionShape>;

const meetingBodyShape = union('step', {
  /** New device, first: the commitment to its announcement. */
  commit: map({ v, step: oneOf('commit'), commit: bytes(32) }),
  /** Device of the account. `mac` exactly when the new device's link was scanned. */
  introduce: map(
    { v, step: oneOf('introduce'), introduction: introductionShape },
    { mac: bytes(32) },
  ),
  /** New device: what it committed to. */
  announce: map({ v, step: oneOf('announce'), announcement: announcementShape }),
  /** Device of the account, once its person said that the digits are the same: the device.add. */
  statement: map({ v, step: oneOf('statement'), link: bytesUpTo(STATEMENT_BYTES_MAX, 1) }),
  /** New device, once its person said the same: its own signature over the link. */
  own: map({ v, step: oneOf('own'), sig: bytes(64) }),
  /** Device of the account: the link stands in the chain. */
  added: map({ v, step: oneOf('added') }),
  /** Either: the person said that the digits differ. */
  differ: map({ v, step: oneOf('differ') }),
});
export type MeetingBody = ShapeType<typeof meetingBodyShape>;
export type MeetingStep = MeetingBody['step'];
type Unversioned<B> = B extends MeetingBody ? Omit<B, 'v'> : never;

export function encodeMeetingBody(body: Unversioned<MeetingBody>): Bytes {
  return encodeCbor({ v: 1, ...body });
}

/** Never throws. */
export function decodeMeetingBody(body: Bytes): Result<MeetingBody> {
  return decodeCbor(body, meetingBodyShape, MEETING_BODY_BYTES_MAX);
}

export function meetingCommit(announcement: Announcement): Bytes {
  return taggedHash('meetcommit', encodeCbor(announcement));
}

/** Everything that both devices have seen of a meeting, as far as the introduction. */
export interface MeetingBegun {
  readonly realm: Bytes;
  readonly commit: Bytes;
  readonly introduction: Introduction;
}

/** Six digits over the whole meeting. 48 bits of the hash, so no digit is likelier by 10^-8. */
export function meetingDigits(begun: MeetingBegun, announcement: Announcement): string {
  const { realm, commit, introduction } = begun;
  const seen = encodeCbor({ realm, commit, introduction, announcement });
  const hash = taggedHash('meetdigits', seen);
  const view = new DataView(hash.buffer, hash.byteOffset);
  const number = view.getUint16(0) * 2 ** 32 + view.getUint32(2);
  return (number % 1_000_000).toString().padStart(6, '0');
}

/** Shows that whoever introduces itself has the secret of the new device's link. */
export function meetingMac(secret: Bytes, { realm, commit, introduction }: MeetingBegun): Bytes {
  return taggedMac('meetmac', secret, encodeCbor({ realm, commit, introduction }));
}

const meetingLinkShape = map({
  v,
  realm: bytes(32),
  code: text(MEETING_CODE_CHARS),
  commit: bytes(32),
  secret: bytes(32),
});
/** What a new device's QR code carries in the fragment of its link. */
export type MeetingLink = ShapeType<typeof meetingLinkShape>;

export function encodeMeetingLink(link: MeetingLink): string {
  return toBase64url(encodeCbor(link));
}

/** Takes the fragment's text behind `device=`. Never throws. */
export function decodeMeetingLink(text: string): Result<MeetingLink> {
  if (text.length > MEETING_LINK_CHARS_MAX) {
    return refuse('PROTOCOL_TOO_LARGE', `${text.length} characters`);
  }
  const bytes = fromBase64url(text);
  if (bytes === undefined) return refuse('PROTOCOL_MALFORMED', 'not base64url');
  return decodeCbor(bytes, meetingLinkShape, bytes.length);
}
