// What a user interface sees and may do. The engine publishes one immutable ClientView after every
// change; equal parts keep their identity, so that a view can render only what changed. Names are
// plain words ready to show; ids are lower-case hex.

import type { ErrorCode } from '@rockpool/protocol';
import type { ClientErrorCode } from './client-errors.ts';
import type { ConnectionReport } from './doctor/connection-report.ts';
import type { PathTrouble } from './network/path-trouble.ts';

export type Id = string;

/** Which doors are open on this device, found out before anything is asked of a person. */
export interface Capabilities {
  /** Everything needed is there; otherwise `blockedBy` says in one sentence why not. */
  readonly usable: boolean;
  readonly blockedBy?: { readonly reason: string; readonly remedy: string };
  /** Ways to use a passkey here. */
  readonly thisDevice: boolean;
  readonly phone: boolean;
  readonly securityKey: boolean;
}

export type Stage =
  /** Opening the store; nothing to show yet. */
  | 'starting'
  /** This browser cannot take part; see capabilities. */
  | 'blocked'
  /** No account on this device. */
  | 'signedOut'
  | 'signedIn';

/** The link this page was opened with, if it was one. */
export type Arrival =
  | { readonly kind: 'none' }
  | { readonly kind: 'firstAdmin' }
  | { readonly kind: 'invite'; readonly poolId: Id }
  /** A new device's QR code was scanned: it waits to be added to this account. */
  | { readonly kind: 'newDevice' }
  | { readonly kind: 'broken'; readonly reason: string };

/** What a person sees of a device that is being added to their account, on either side of it. */
export type LinkingView =
  /** New device: asking a server for a code. */
  | { readonly step: 'opening' }
  /** New device: `code` (`K7QM-3XPA`) is typed, or `link` scanned, on a device of the account. */
  | {
      readonly step: 'waiting';
      readonly code: string;
      readonly link: string;
      readonly expiryMs: number;
    }
  /** Device of the account: the code is being looked for. */
  | { readonly step: 'finding' }
  /**
   * Both: six digits, to be compared by a person who sees both screens. `other` is known to the
   * device of the account alone. `answered`: said here that they are the same, the other side is
   * waited for. A new device whose QR code was scanned needs no answer (`answered` from the start).
   */
  | {
      readonly step: 'comparing';
      readonly digits: string;
      readonly answered: boolean;
      readonly expiryMs: number;
      readonly other?: NewDeviceView;
    }
  /** Both: agreed, the account's chain is being extended. */
  | { readonly step: 'adding' };

export interface NewDeviceView {
  readonly kind: DeviceView['kind'];
  /** Its network address as its server sees it; the same household's where `nearby`. */
  readonly address: string;
  readonly nearby: boolean;
}

export interface NodeView {
  readonly name: string;
  readonly up: boolean;
  /** Came back less than ten seconds ago. */
  readonly justBack: boolean;
}

export interface ServerView {
  readonly status: 'connecting' | 'online' | 'offline';
  /** Name of the node that holds our socket. */
  readonly node?: string;
  readonly nodes: readonly NodeView[];
  /** No administrator has claimed this place yet. */
  readonly unclaimed: boolean;
  /** The servers came back from an older state: until then they take back what they lost, and nothing new. */
  readonly graceEndsMs?: number;
}

export interface PersonView {
  readonly userId: Id;
  readonly name: string;
  /** Colour as hue in degrees. */
  readonly hue: number;
}

export interface Me extends PersonView {
  readonly deviceId: Id;
  /** This device lets others reach it over a relay only, so that they do not learn its address. */
  readonly hidesAddress: boolean;
  /** Why this device can reach no other, where that is so. */
  readonly cannotConnect?: string;
  /** Of this account: this one first, then the newest. */
  readonly devices: readonly OwnDeviceView[];
}

export interface OwnDeviceView {
  readonly deviceId: Id;
  readonly kind: DeviceView['kind'];
  readonly isThis: boolean;
  /** When servers took it into the account. */
  readonly addedMs: number;
  readonly expiryMs: number;
  /** Seen in a pool that both are in. */
  readonly online: boolean;
}

/** `relayed`: connected through a TURN server, which can read nothing of it. */
export type Path = 'direct' | 'relayed' | 'connecting' | 'unreachable' | 'offline';

export interface DeviceView {
  readonly deviceId: Id;
  readonly kind: 'browser' | 'desktop' | 'phone' | 'anchor';
  readonly isThis: boolean;
  readonly path: Path;
  readonly roundTripMs?: number;
  /** Where it is unreachable: online, but tried in vain. It is tried again all the time. */
  readonly trouble?: PathTrouble;
}

export interface MemberView extends PersonView {
  readonly role: 'owner' | 'member';
  readonly isMe: boolean;
  readonly online: boolean;
  readonly devices: readonly DeviceView[];
}

interface EntryBase {
  readonly id: Id;
  readonly author: PersonView;
  /** The author's device that wrote it; empty for what comes from the pool's chain. */
  readonly deviceId: Id;
  readonly mine: boolean;
  /** Author's hybrid clock. */
  readonly timeMs: number;
  /** How many other devices are known to hold it; 0 = still only here. */
  readonly heldByOthers: number;
}

export interface TextEntry extends EntryBase {
  readonly kind: 'text';
  readonly text: string;
}

export type TransferState = 'waiting' | 'receiving' | 'complete' | 'failed';

export interface FileEntry extends EntryBase {
  readonly kind: 'file';
  readonly name: string;
  readonly size: number;
  readonly mediaType: string;
  readonly transfer: {
    readonly state: TransferState;
    /** Bytes of verified blocks on this device. */
    readonly bytesHeld: number;
    readonly bytesPerSecond: number;
    readonly secondsLeft?: number;
    /** Names of those it comes from (or went to). */
    readonly sources: readonly string[];
    /** File bytes that passed through a server: counted by the transport, always 0 when direct. */
    readonly bytesThroughServer: number;
    /** Devices that hold all of it, this one included. */
    readonly completeOn: number;
    /** Bytes sent to others from here. */
    readonly bytesSent: number;
    readonly failure?: ErrorCode | 'STORE_FULL';
  };
}

/** Somebody joined; taken from the pool's chain. */
export interface JoinEntry extends EntryBase {
  readonly kind: 'joined';
}

export type Entry = TextEntry | FileEntry | JoinEntry;

export interface InviteView {
  readonly link: string;
  readonly expiryMs: number;
}

/** The three levels of trouble with a chain. */
export type Alarm = {
  readonly level: 'notice' | 'check' | 'stop';
  readonly message: string;
};

export interface PoolView {
  readonly id: Id;
  readonly name: string;
  readonly hue: number;
  readonly role: 'owner' | 'member';
  readonly members: readonly MemberView[];
  readonly entries: readonly Entry[];
  readonly unread: number;
  readonly alarm?: Alarm;
}

export interface Notice {
  readonly id: number;
  readonly tone: 'info' | 'good' | 'bad';
  readonly text: string;
}

export interface ClientView {
  readonly stage: Stage;
  readonly capabilities: Capabilities;
  readonly arrival: Arrival;
  readonly server: ServerView;
  readonly me?: Me;
  /** While a device is being added, on the new one and on the one that adds it. */
  readonly linking?: LinkingView;
  readonly pools: readonly PoolView[];
  /** Newest last; the engine drops each after some seconds. */
  readonly notices: readonly Notice[];
}

/** A coded failure of an action, with words to show. */
export interface ActionError {
  readonly code: ErrorCode | ClientErrorCode;
  readonly message: string;
  readonly remedy: string;
}

export type ActionResult<T = undefined> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ActionError };

/** A file on its way in: anything that can be read in slices. */
export interface FileSource {
  readonly name: string;
  readonly size: number;
  readonly mediaType: string;
  /** Its name in the BlobPort, for platforms that can hand the content over without reading it. */
  readonly blobName?: string;
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** The engine as a user interface holds it. Actions never throw; they answer with words. */
export interface Rockpool {
  view(): ClientView;
  subscribe(listener: () => void): () => void;
  /** Creates an account with the first-admin or invite link the page arrived with. */
  createAccount(): Promise<ActionResult>;
  /** Signs in on this device with an existing passkey; joins the pool of an invite link, if any. */
  signIn(): Promise<ActionResult>;
  /** Joins the pool of the invite link with the account of this device. */
  acceptInvite(): Promise<ActionResult<{ readonly poolId: Id }>>;
  /**
   * On a device without an account: shows a code (view.linking) until a device of the person's
   * account adds this one. Answers once that is done, refused, cancelled or out of time.
   */
  linkThisDevice(): Promise<ActionResult>;
  /**
   * On a device of the account: adds the new device that shows this code, or whose QR code this
   * page arrived with (no code). Answers once it is added, refused, cancelled or out of time.
   */
  addDevice(code?: string): Promise<ActionResult>;
  /** Are the six digits the same on both screens? `false` ends the linking on both sides. */
  answerDigits(same: boolean): void;
  cancelLinking(): void;
  /** Forgets an invite, first-admin or new device's link that is not wanted. */
  dismissArrival(): void;
  createPool(name: string): Promise<ActionResult<{ readonly poolId: Id }>>;
  invite(poolId: Id): Promise<ActionResult<InviteView>>;
  /** Answers the entry that it became; none for a text in which nothing is to be read. */
  sendText(poolId: Id, text: string): Promise<ActionResult<{ readonly entryId?: Id }>>;
  offerFile(poolId: Id, file: FileSource): Promise<ActionResult<{ readonly entryId: Id }>>;
  /** Starts or resumes fetching a file that is not complete here. */
  fetchFile(poolId: Id, entryId: Id): Promise<ActionResult>;
  /** A complete file's content in slices, for previews and for saving without holding it whole. */
  openFile(poolId: Id, entryId: Id): Promise<ActionResult<FileSource>>;
  /** Lets this device be reached over a relay only, or again by any path. Connections are made anew. */
  hideAddress(hides: boolean): Promise<ActionResult>;
  renameMe(name: string, hue: number): Promise<ActionResult>;
  renamePool(poolId: Id, name: string): Promise<ActionResult>;
  /** Measures this device's network and its connections; takes some seconds. */
  checkConnection(): Promise<ActionResult<ConnectionReport>>;
  /** The pool on screen: its entries count as read. */
  setActivePool(poolId: Id | undefined): void;
  stop(): Promise<void>;
}
