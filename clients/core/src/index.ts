// The peer-to-peer engine: everything a user interface or an agent needs of it.

export { createRockpool } from './create-rockpool.ts';
export type {
  BlobPort,
  Channel,
  ChannelEvents,
  Clock,
  CryptoPort,
  DeviceKeyPort,
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
