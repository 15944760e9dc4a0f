// What an invite link carries in its URL fragment, which browsers never send to a server.

import { fromBase64url, toBase64url } from '../encoding/base64url.ts';
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts';
import { type Result, refuse } from '../encoding/result.ts';
import { INVITE_LINK_CHARS_MAX } from '../limits.ts';
import { type InviteLink, inviteLinkShape } from './statements.ts';

export function encodeInviteLink(link: InviteLink): string {
  return toBase64url(encodeCbor(link));
}

/** Takes the fragment without its '#'. Never throws. */
export function decodeInviteLink(fragment: string): Result<InviteLink> {
  if (fragment.length > INVITE_LINK_CHARS_MAX) {
    return refuse('PROTOCOL_TOO_LARGE', `${fragment.length} characters`);
  }
  const bytes = fromBase64url(fragment);
  if (bytes === undefined) return refuse('PROTOCOL_MALFORMED', 'not base64url');
  return decodeCbor(bytes, inviteLinkShape, bytes.length);
}
