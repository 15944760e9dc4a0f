// The peer-to-peer engine: everything a user interface or an agent needs of it.

export { createRockpool } from './create-rockpool.ts';
export { type ConnectionReport, connectionReport } from './doctor/connection-report.ts';
export type {
  Filtering,
  NetworkMeasurement,
  PathMeasurement,
  ServerMeasurement,
} from './doctor/measurement.ts';
export {
  type Finding,
  networkFindings,
  type RouterKind,
  routerKind,
  type Tone,
} from './doctor/network-findings.ts';
export { figuresInWords, type MeasuredPeer, type PeerFinding } from './doctor/peer-findings.ts';
export { type Candidate, isPublicAddress, parseCandidate } from './network/candidate.ts';
export type { PathTrouble } from './network/path-trouble.ts';
export { type Mapping, SeenCandidates } from './network/seen-candidates.ts';
export type {
  BlobPort,
  Channel,
  ChannelEvents,
  Clock,
  CryptoPort,
  DeviceKeyPort,
  IcePaths,
  NetworkPort,
  PasskeyAssertion,
  PasskeyFailure,
  PasskeyPort,
  PasskeyRegistration,
  PeerConnection,
  PeerConnectionEvents,
  PeerConnectionPort,
  Platform,
  Random,
  Socket,
  SocketEvents,
  SocketPort,
  StorePort,
} from './ports.ts';
export type {
  ActionError,
  ActionResult,
  Alarm,
  Arrival,
  Capabilities,
  ClientView,
  DeviceView,
  Entry,
  FileEntry,
  FileSource,
  Id,
  InviteView,
  JoinEntry,
  LinkingView,
  Me,
  MemberView,
  NewDeviceView,
  NodeView,
  Notice,
  OwnDeviceView,
  Path,
  PersonView,
  PoolView,
  Rockpool,
  ServerView,
  Stage,
  TextEntry,
  TransferState,
} from './view.ts';
export type { KeyStore } from './webcrypto/device-keys.ts';
export { createDeviceKeys } from './webcrypto/device-keys.ts';
export { createWebCrypto } from './webcrypto/web-crypto.ts';
export { bytesInWords, countInWords, secondsInWords } from './words.ts';
