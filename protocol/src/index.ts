// What travels or is stored, shared by servers and clients. Pure: no clock, randomness or IO.

export { coseKeyFromAuthData } from './chain/attested-credential.ts';
export {
  type BranchChoice,
  type BranchLink,
  chooseBranch,
  poolLinkSigners,
  revokedBy,
  userLinkSigners,
} from './chain/branches.ts';
export { type CoseKey, parseCoseKey } from './chain/cose.ts';
export { isPasskeyOrigin } from './chain/credential.ts';
export {
  encodeEnvelope,
  type OpenEnvelope,
  type OpenPoolEnvelope,
  type OpenUserEnvelope,
  peekPoolStatement,
  peekUserStatement,
} from './chain/envelope.ts';
export { deviceId, linkHash, poolRef, slotOf, userHandle, userRef } from './chain/ids.ts';
export { decodeInviteLink, encodeInviteLink } from './chain/invite-link.ts';
export type { Judged, SignatureCheck } from './chain/judged.ts';
export {
  type Announcement,
  decodeMeetingBody,
  decodeMeetingLink,
  encodeMeetingBody,
  encodeMeetingLink,
  type Introduction,
  type MeetingBegun,
  type MeetingBody,
  type MeetingLink,
  type MeetingStep,
  meetingCommit,
  meetingDigits,
  meetingMac,
} from './chain/meeting.ts';
export {
  codeCharOfNode,
  formatMeetingCode,
  meetingCode,
  readMeetingCode,
} from './chain/meeting-code.ts';
export {
  type Assertion,
  enrolmentChallenge,
  judgeAssertion,
  registrationChallenge,
} from './chain/passkey-assertion.ts';
export { findMember, findUsableInvite, type JudgedPool, judgePool } from './chain/pool-chain.ts';
export { equalHeads, equalRefs, findDevice, isDeviceActive } from './chain/position.ts';
export {
  admitInput,
  encodeEnrolment,
  inviteProofBytes,
  socketProofBytes,
} from './chain/proofs.ts';
export { type Replay, replayUser } from './chain/replay.ts';
export {
  type DeviceEntry,
  decodePoolState,
  decodeUserState,
  encodePoolState,
  encodeUserState,
  type InviteEntry,
  type MemberEntry,
  type PoolState,
  type UserState,
} from './chain/state-rows.ts';
export type {
  Author,
  Capability,
  Credential,
  DeviceAdd,
  DeviceKeys,
  DeviceKind,
  Enrolment,
  Envelope,
  InviteLink,
  PasskeySignature,
  PoolGenesis,
  PoolInvite,
  PoolJoin,
  PoolRole,
  PoolStatement,
  Signature,
  UserGenesis,
  UserStatement,
} from './chain/statements.ts';
export { deviceAddShape, enrolmentShape } from './chain/statements.ts';
export { type JudgedUser, judgeUser } from './chain/user-chain.ts';
export { fromBase64url, toBase64url } from './encoding/base64url.ts';
export {
  type Bytes,
  concatBytes,
  equalBytes,
  fromHex,
  toHex,
  utf8,
} from './encoding/bytes.ts';
export { CBOR_DEPTH_MAX, type Cbor, decodeCbor, encodeCbor } from './encoding/cbor.ts';
export {
  type HashTag,
  type SignTag,
  sha256Bytes,
  signInput,
  taggedHash,
} from './encoding/hash.ts';
export { accept, type Refusal, type Result, refuse } from './encoding/result.ts';
export {
  array,
  bytes,
  bytesUpTo,
  type Head,
  headShape,
  lines,
  map,
  oneOf,
  type Ref,
  refShape,
  type Shape,
  type ShapeType,
  text,
  tuple,
  uint,
  union,
} from './encoding/shape.ts';
export { toCleanLine, toCleanLines } from './encoding/text.ts';
export { ERRORS, type ErrorCode, type ErrorEntry, isErrorCode } from './errors.ts';
export {
  blockCount,
  blockLength,
  leafInput,
  type MerkleTree,
  merkleRoot,
  merkleTree,
  nodeHash,
  PROOF_HASHES_MAX,
  verifyMerkleProof,
} from './files/merkle.ts';
export {
  BLOCK_BYTES,
  BLOCK_FRAME_PAYLOAD_BYTES,
  BRANCH_BYTES_MAX,
  BRANCH_LINKS_MAX,
  BRANCH_SIGNER_LINKS_MAX,
  CHAIN_BYTES_MAX,
  CHAIN_LINKS_MAX,
  CHAIN_PAGE_BYTES_MAX,
  CHAIN_PAGE_LINKS_MAX,
  CHANNEL_FRAME_BYTES_MAX,
  CLOCK_SKEW_MAX_MS,
  COSE_KEY_BYTES_MAX,
  CREDENTIAL_ID_BYTES_MAX,
  CREDENTIAL_ORIGINS_MAX,
  DEVICE_LIFE_MAX_MS,
  DISPLAY_NAME_BYTES_MAX,
  ENROLMENT_BYTES_MAX,
  ENROLMENT_LIFE_MAX_MS,
  ENVELOPE_BYTES_MAX,
  EVIDENCE_BYTES_MAX,
  EXPIRY_MARGIN_MS,
  FILE_BYTES_MAX,
  FILE_NAME_BYTES_MAX,
  FIRST_ADMIN_LIFE_MS,
  FRAME_BYTES_MAX,
  GRACE_MAX_MS,
  INVITE_LIFE_MAX_MS,
  INVITE_LINK_CHARS_MAX,
  LOGICAL_COUNTER_MAX,
  MEDIA_TYPE_BYTES_MAX,
  MEETING_BODY_BYTES_MAX,
  MEETING_CODE_CHARS,
  MEETING_LIFE_MS,
  MEETING_LINK_CHARS_MAX,
  MEETING_TRIES_MAX,
  MEETING_TRIES_WINDOW_MS,
  MESSAGE_TEXT_BYTES_MAX,
  OFFER_EVIDENCE_LINKS_MAX,
  OFFER_LINKS_MAX,
  POOL_INVITES_OPEN_MAX,
  POOL_MEMBERS_MAX,
  POOL_NAME_BYTES_MAX,
  PRESENCE_DEVICES_MAX,
  RECORD_BODY_BYTES_MAX,
  RECORD_FUTURE_MAX_MS,
  RECORD_HEADER_BYTES_MAX,
  RECORDS_PER_FRAME_MAX,
  SDP_BYTES_MAX,
  SIGNAL_BODY_BYTES_MAX,
  SLOTS,
  SOCKET_PROOF_LIFE_MAX_MS,
  STATE_ROW_BYTES_MAX,
  STATEMENT_BYTES_MAX,
  TEMPORARY_DEVICE_LIFE_MAX_MS,
  USER_DEVICES_MAX,
  USER_PASSKEYS_MAX,
  USER_POOLS_MAX,
  VECTOR_ENTRIES_MAX,
  WATCHED_POOLS_MAX,
} from './limits.ts';
export { friendlyName, friendlyPoolName } from './names.ts';
export {
  BLOCK_FRAME_BYTES_MAX,
  BLOCK_FRAME_HEADER_BYTES,
  type BlockFrame,
  decodeBlockFrame,
  encodeBlockFrame,
} from './peer/block-frame.ts';
export {
  type Binding,
  bindingSignInput,
  type ChannelFrame,
  channelFrameShape,
  decodeChannelFrame,
  type VectorEntry,
  vectorEntryShape,
  type WireRecord,
  wireRecordShape,
} from './peer/channel-frames.ts';
export {
  decodePeerSignal,
  descriptionSignInput,
  type PeerSignal,
  peerSignalShape,
  SEAL_KEY_BYTES,
  type SignedDescription,
  sdpFingerprint,
} from './peer/description.ts';
export {
  bodyShapes,
  decodeRecordBody,
  type FileBody,
  type PoolBody,
  type ProfileBody,
  type RecordBodies,
  type TextBody,
} from './records/bodies.ts';
export {
  decodeRecord,
  encodeRecordHeader,
  joinRecord,
  NO_RECORD,
  RECORD_KINDS,
  type RecordHeader,
  type RecordKind,
  recordContent,
  recordLink,
  recordSignInput,
  SALT_BYTES,
  type SignedRecord,
} from './records/record.ts';
export { CHANNEL_VERSION, WIRE_VERSION } from './version.ts';
export {
  type ClientFrame,
  type ClientFrameType,
  clientFrameShape,
  decodeClientFrame,
  type InviteProof,
  inviteProofShape,
  ORIGIN_BYTES_MAX,
  type SocketProof,
  socketProofShape,
} from './wire/client-frames.ts';
export {
  decodeServerFrame,
  type NodeState,
  nodeStateShape,
  type OnlineDevice,
  onlineDeviceShape,
  type ServerFrame,
  type ServerFrameType,
  type ServerHello,
  type StoredLink,
  serverFrameShape,
  storedLinkShape,
} from './wire/server-frames.ts';
