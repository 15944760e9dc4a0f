// Sign-in on a further device: a passkey's assertion over an enrolment certificate that the client
// built. The challenge IS the certificate's hash; this node supplies no challenge at all, so it can
// never get its own statement signed. The answer to a good one is the user's chain.

import {
  accept,
  type Bytes,
  CLOCK_SKEW_MAX_MS,
  type Credential,
  decodeCbor,
  ENROLMENT_BYTES_MAX,
  ENROLMENT_LIFE_MAX_MS,
  enrolmentChallenge,
  enrolmentShape,
  equalBytes,
  judgeAssertion,
  type Refusal,
  type Result,
  refuse,
  toBase64url,
  type UserState,
} from '@rockpool/protocol';
import {
  decoyCheck,
  decoyCredential,
  type RelyingParty,
  type VerifyChecks,
} from '../relying-party.ts';

export interface EnrolmentPorts {
  readonly party: RelyingParty;
  /** From the node's applied state: sign-in needs no quorum. */
  readonly userByHandle: (handle: Bytes) => Promise<UserState | undefined>;
  readonly verify: VerifyChecks;
}

export interface EnrolmentRequest {
  readonly certificate: Bytes;
  readonly credential: Bytes;
  readonly authData: Bytes;
  readonly clientData: Bytes;
  readonly sig: Bytes;
  /** The userHandle that the authenticator presented. */
  readonly handle: Bytes;
  readonly nowMs: number;
}

/** The user whose chain the device may be shown. Says the same for all who are not that user. */
export async function verifyEnrolment(
  ports: EnrolmentPorts,
  request: EnrolmentRequest,
): Promise<Result<UserState>> {
  const wrong = wrongCertificate(request);
  if (wrong !== undefined) return wrong;
  const user = await ports.userByHandle(request.handle);
  const credential = user?.credentials.find(({ id }) => equalBytes(id, request.credential));
  const holds = assertionHolds(ports, request, credential ?? decoyCredential(ports.party));
  if (user === undefined || credential === undefined || !holds) {
    return refuse('AUTH_PASSKEY', 'the passkey was not accepted');
  }
  return accept(user);
}

/** What can be told from the request alone may be told plainly. */
function wrongCertificate(request: EnrolmentRequest): Refusal | undefined {
  const { certificate, clientData, nowMs } = request;
  const decoded = decodeCbor(certificate, enrolmentShape, ENROLMENT_BYTES_MAX);
  if (!decoded.ok) return refuse('CHAIN_MALFORMED', `certificate: ${decoded.detail}`);
  const { expiry } = decoded.value;
  if (expiry <= nowMs || expiry > nowMs + ENROLMENT_LIFE_MAX_MS + CLOCK_SKEW_MAX_MS) {
    return refuse('CHAIN_EXPIRED', 'the enrolment certificate is expired or lives too long');
  }
  return challengeOf(clientData) === toBase64url(enrolmentChallenge(certificate))
    ? undefined
    : refuse('AUTH_CHALLENGE', 'the challenge is not the hash of the certificate');
}

/** Exactly one signature is verified, whatever is known and whatever is wrong. */
function assertionHolds(
  { verify }: EnrolmentPorts,
  request: EnrolmentRequest,
  credential: Credential,
): boolean {
  const challenge = enrolmentChallenge(request.certificate);
  const judged = judgeAssertion(credential, challenge, request);
  const verified = verify([judged.ok ? judged.value : decoyCheck(request.clientData)]);
  return judged.ok && verified;
}

function challengeOf(clientData: Bytes): string | undefined {
  try {
    const parsed: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(clientData),
    );
    const challenge = new Map<string, unknown>(Object.entries(parsed ?? {})).get('challenge');
    return typeof challenge === 'string' ? challenge : undefined;
  } catch {
    return undefined;
  }
}
