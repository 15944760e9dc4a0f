// What the fragment of the page's address says. It holds a secret, so it stays in memory here and
// leaves the address bar as soon as it has been used or turned down.

import {
  type Bytes,
  decodeInviteLink,
  decodeMeetingLink,
  fromBase64url,
  fromHex,
  type InviteLink,
  type MeetingLink,
  toHex,
} from '@rockpool/protocol';
import type { Arrival } from '../view.ts';

export type ArrivalSecret =
  | { readonly kind: 'none' }
  | { readonly kind: 'firstAdmin'; readonly token: Bytes }
  | { readonly kind: 'invite'; readonly invite: InviteLink }
  | { readonly kind: 'newDevice'; readonly link: MeetingLink }
  | { readonly kind: 'broken'; readonly reason: string };

const ADMIN = 'admin=';
const DEVICE = 'device=';
const TOKEN_BYTES = 32;

export function readArrival(fragment: string): ArrivalSecret {
  if (fragment === '') return { kind: 'none' };
  if (fragment.startsWith(ADMIN)) {
    const text = fragment.slice(ADMIN.length);
    const token = fromBase64url(text) ?? new Uint8Array(0);
    if (token.length === TOKEN_BYTES) return { kind: 'firstAdmin', token };
    const hex = fromHex(text);
    if (hex?.length === TOKEN_BYTES) return { kind: 'firstAdmin', token: hex };
    return { kind: 'broken', reason: 'This first-admin link is not complete.' };
  }
  if (fragment.startsWith(DEVICE)) {
    const link = decodeMeetingLink(fragment.slice(DEVICE.length));
    return link.ok
      ? { kind: 'newDevice', link: link.value }
      : { kind: 'broken', reason: "This new device's link is not complete. Scan it once more." };
  }
  const invite = decodeInviteLink(fragment);
  return invite.ok
    ? { kind: 'invite', invite: invite.value }
    : { kind: 'broken', reason: 'This invite link is not complete. Ask for it once more.' };
}

export function arrivalView(secret: ArrivalSecret): Arrival {
  switch (secret.kind) {
    case 'none':
    case 'broken':
      return secret;
    case 'firstAdmin':
      return { kind: 'firstAdmin' };
    case 'newDevice':
      return { kind: 'newDevice' };
    case 'invite': {
      const [, id] = secret.invite.pool;
      return { kind: 'invite', poolId: toHex(id) };
    }
  }
}
