// The relying party: what a node checks at its door before it answers or proposes. Pure but for
// node:crypto; what it needs to know about users and pools comes through ports.

export {
  type EnrolmentPorts,
  type EnrolmentRequest,
  verifyEnrolment,
} from './authentication/verify-enrolment.ts';
export {
  type AdmissionPorts,
  type AdmissionRequest,
  type Admitted,
  type FirstAdmin,
  firstAdminTokenHash,
  judgeAdmission,
} from './registration/judge-admission.ts';
export {
  type RegistrationRequest,
  verifyRegistration,
} from './registration/verify-registration.ts';
export type { RelyingParty, VerifyChecks } from './relying-party.ts';
export {
  createSignatureVerifier,
  type SignatureVerifierOptions,
} from './signatures/create-signature-verifier.ts';
export type { Socket } from './sockets/socket.ts';
export { type InviteProofRequest, verifyInviteProof } from './sockets/verify-invite-proof.ts';
export { type SocketProofRequest, verifySocketProof } from './sockets/verify-socket-proof.ts';
