// A new account at the node's door: the genesis judged by the chain's own verifier, and beside it
// the passkey's create() response by SimpleWebAuthn. The response is checked and thrown away: with
// attestation `none` it signs nothing, but it shows that a real authenticator made the credential
// that the genesis commits to, here and now, for this place.

import {
  accept,
  type Bytes,
  equalBytes,
  judgeUser,
  type Result,
  refuse,
  registrationChallenge,
  toBase64url,
  type UserGenesis,
  type UserState,
} from '@rockpool/protocol';
import { verifyRegistrationResponse } from '@simplewebauthn/server';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';
import type { RelyingParty, VerifyChecks } from '../relying-party.ts';

/** ES256, EdDSA, RS256. Pinned: newer runtimes put algorithms first that older ones cannot verify. */
const ALGORITHMS = [-7, -8, -257];

export interface RegistrationRequest {
  /** Envelope of the user.genesis. */
  readonly genesis: Bytes;
  readonly attestation: Bytes;
  readonly clientData: Bytes;
  /** The nonce of this socket's hello. */
  readonly nonce: Bytes;
  /** The origin that opened this socket. */
  readonly origin: string;
  readonly nowMs: number;
}

/** The state that the genesis will give, or why this node will not propose it. Never throws. */
export async function verifyRegistration(
  party: RelyingParty,
  verify: VerifyChecks,
  request: RegistrationRequest,
): Promise<Result<UserState>> {
  const judged = judgeUser(undefined, request.genesis, request.nowMs);
  if (!judged.ok) return judged;
  const { statement, state, checks } = judged.value;
  if (statement.kind !== 'user.genesis') return refuse('CHAIN_MALFORMED', 'not a genesis');
  if (!verify(checks)) return refuse('CHAIN_SIGNATURE', 'the genesis is not signed by its device');
  const wrong = await wrongResponse(party, request, statement, state.handle);
  return wrong === undefined ? accept(state) : refuse('AUTH_PASSKEY', wrong);
}

async function wrongResponse(
  party: RelyingParty,
  request: RegistrationRequest,
  genesis: UserGenesis,
  handle: Bytes,
): Promise<string | undefined> {
  const { credential } = genesis;
  if (credential.rpId !== party.rpId) return 'the credential belongs to another place';
  if (!party.origins.includes(request.origin)) return 'the page has another origin';
  if (!credential.origins.includes(request.origin)) return 'the page is not among the origins';
  if (embedded(request.clientData)) return 'the ceremony ran in an embedded page';
  const challenge = registrationChallenge(request.nonce, handle);
  const response = await registrationResponse(party, request, credential.id, challenge);
  if (response === undefined) return 'the registration response does not verify';
  if (response.credential.id !== toBase64url(credential.id)) return 'another credential id';
  return equalBytes(response.credential.publicKey, credential.key) ? undefined : 'another key';
}

async function registrationResponse(
  party: RelyingParty,
  request: RegistrationRequest,
  credentialId: Bytes,
  challenge: Bytes,
) {
  const id = toBase64url(credentialId);
  try {
    // Other formats carry certificates, and the library asks the network whether they are revoked.
    const attestation = decodeAttestationObject(new Uint8Array(request.attestation));
    if (attestation.get('fmt') !== 'none') return undefined;
    const verified = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        response: {
          attestationObject: toBase64url(request.attestation),
          clientDataJSON: toBase64url(request.clientData),
        },
        clientExtensionResults: {},
      },
      expectedChallenge: toBase64url(challenge),
      expectedOrigin: request.origin,
      expectedRPID: party.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    return verified.registrationInfo;
  } catch {
    return undefined; // the library says no by throwing; its words quote the client's bytes
  }
}

/** SimpleWebAuthn takes crossOrigin: true where topOrigin is absent; no ceremony of ours is framed. */
function embedded(clientData: Bytes): boolean {
  try {
    const parsed: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(clientData),
    );
    if (typeof parsed !== 'object' || parsed === null) return true;
    const data = new Map<string, unknown>(Object.entries(parsed));
    const crossOrigin = data.get('crossOrigin');
    return (crossOrigin !== undefined && crossOrigin !== false) || data.has('topOrigin');
  } catch {
    return true;
  }
}
