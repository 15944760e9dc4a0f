// The COSE key inside the authenticator data of a registration (WebAuthn section 6.1). Extension
// data may follow it, so its end has to be found by reading one CBOR item.

import { decodeFirst } from 'cborg';
import type { Bytes } from '../encoding/bytes.ts';
import { accept, type Result, refuse } from '../encoding/result.ts';
import { COSE_KEY_BYTES_MAX, CREDENTIAL_ID_BYTES_MAX } from '../limits.ts';

const FLAGS_OFFSET = 32;
const FLAG_ATTESTED = 0x40;
/** rpIdHash 32, flags 1, counter 4, AAGUID 16. */
const ID_LENGTH_OFFSET = 53;
/** COSE key and extension outputs after the credential id. */
const TAIL_BYTES_MAX = 2 * COSE_KEY_BYTES_MAX;

/** The COSE_Key bytes of a new credential, exactly as the authenticator wrote them. Never throws. */
export function coseKeyFromAuthData(authData: Bytes): Result<Bytes> {
  const flags = authData[FLAGS_OFFSET] ?? 0;
  const idLength = ((authData[ID_LENGTH_OFFSET] ?? 0) << 8) | (authData[ID_LENGTH_OFFSET + 1] ?? 0);
  const start = ID_LENGTH_OFFSET + 2 + idLength;
  const tailBytes = authData.length - start;
  if ((flags & FLAG_ATTESTED) === 0 || idLength > CREDENTIAL_ID_BYTES_MAX) {
    return refuse('PROTOCOL_MALFORMED', 'authenticator data holds no credential');
  }
  if (tailBytes <= 0 || tailBytes > TAIL_BYTES_MAX) {
    return refuse('PROTOCOL_MALFORMED', 'credential key is missing or too long');
  }
  try {
    const tail = authData.slice(start);
    const [, extensions] = decodeFirst(tail, { useMaps: true });
    return accept(tail.slice(0, tail.length - extensions.length));
  } catch {
    return refuse('PROTOCOL_MALFORMED', 'credential key is not CBOR');
  }
}
