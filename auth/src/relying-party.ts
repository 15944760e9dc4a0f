// Who asks for passkeys here, and what stands in for users that do not exist. An unknown user costs
// the same number of signature checks as a known one and gets the same answer, byte for byte, so
// that nobody can find out who has an account.

import type { Bytes, Credential, SignatureCheck } from '@rockpool/protocol';
import { fromHex } from '@rockpool/protocol';

export interface RelyingParty {
  /** The domain that passkeys of this place belong to. */
  readonly rpId: string;
  /** Exact origins whose pages may hold ceremonies and sockets. */
  readonly origins: readonly string[];
}

/** Discharges signature checks: true when every one holds. Never throws. */
export type VerifyChecks = (checks: readonly SignatureCheck[]) => boolean;

/** P-256's base point (SEC 2 section 2.4.2): a valid key that is nobody's. */
const DECOY_POINT = constant(
  '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
);

/** A check that never decides anything; it only takes the time that a real one takes. */
export function decoyCheck(message: Bytes): SignatureCheck {
  return { kind: 'p256', point: DECOY_POINT, message, signature: DECOY_SIGNATURE };
}

/** The passkey that an unknown handle is judged by. Whatever it says, the answer is no. */
export function decoyCredential(party: RelyingParty): Credential {
  return {
    id: new Uint8Array(16),
    key: DECOY_COSE_KEY,
    rpId: party.rpId,
    origins: [...party.origins],
  };
}

const DECOY_SIGNATURE = new Uint8Array(64).fill(1);
const DECOY_COSE_KEY = constant(
  'a5010203262001215820' +
    '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
    '225820' +
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
);

function constant(hex: string): Bytes {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error('not hex');
  return bytes;
}
