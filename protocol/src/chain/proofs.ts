// The bytes behind the short-lived signatures: sockets, invite keys, admission. Each has a tag of its
// own or fields of its own, so that none can be presented as another.

import type { Bytes } from '../encoding/bytes.ts';
import { encodeCbor } from '../encoding/cbor.ts';
import { signInput } from '../encoding/hash.ts';
import type { InviteProof, SocketProof } from '../wire/client-frames.ts';
import type { Enrolment } from './statements.ts';

/** What a device signs to authenticate one socket. */
export function socketProofBytes(proof: SocketProof): Bytes {
  return signInput('ws', encodeCbor(proof));
}

/** What an invite's key signs to be shown the pool's chain. */
export function inviteProofBytes(proof: InviteProof): Bytes {
  return signInput('ws', encodeCbor(proof));
}

/** What an invite's key signs to admit a new account to the realm. */
export function admitInput(realm: Bytes, handle: Bytes): Bytes {
  return signInput('admit', realm, handle);
}

/** The certificate whose hash (enrolmentChallenge) a passkey signs. */
export function encodeEnrolment(enrolment: Enrolment): Bytes {
  return encodeCbor(enrolment);
}
