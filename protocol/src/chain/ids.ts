// Names that follow from bytes: nobody assigns a device, user or pool its id, everybody computes it.

import type { Bytes } from '../encoding/bytes.ts';
import { taggedHash } from '../encoding/hash.ts';
import type { Ref } from '../encoding/shape.ts';

/** A device is its signing point. */
export function deviceId(signPoint: Bytes): Bytes {
  return taggedHash('device', signPoint);
}

/** What a passkey presents as its userHandle: bound to the user's first device. */
export function userHandle(signPoint: Bytes, salt: Bytes): Bytes {
  return taggedHash('handle', signPoint, salt);
}

/** Id of a statement, and `prev` of the one after it. Never covers signatures (they are malleable). */
export function linkHash(link: Bytes): Bytes {
  return taggedHash('link', link);
}

/** First two bytes, big-endian. */
export function slotOf(bytes: Bytes): number {
  return ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
}

/** A user lives in the slot of the userHandle and is named by the genesis' link hash. */
export function userRef(handle: Bytes, genesisHash: Bytes): Ref {
  return [slotOf(handle), genesisHash];
}

/** A pool lives in the slot of its own id. */
export function poolRef(genesisHash: Bytes): Ref {
  return [slotOf(genesisHash), genesisHash];
}
