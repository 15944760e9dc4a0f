// What the mesh is told, and by whom: devices of members, this device itself, and the engine around it.

import type { Bytes, Head, Ref } from '@rockpool/protocol';
import type { IcePaths, Platform } from '../ports.ts';
import type { PeerUse } from './peer.ts';
import type { PeerLink } from './peer-link.ts';

/** A device of a member, from verified chains. */
export interface MeshDevice {
  readonly user: Ref;
  readonly device: Bytes;
  readonly sign: Bytes;
  readonly ecdh: Bytes;
}

export interface MeshSelf {
  readonly device: Bytes;
  sign(message: Bytes): Promise<Bytes>;
  open(sealed: Bytes, info: Bytes): Promise<Bytes | undefined>;
}

export interface MeshHost {
  readonly platform: Platform;
  self(): MeshSelf | undefined;
  /** Only verified, unexpired devices of members. */
  device(pool: Ref, device: Bytes): MeshDevice | undefined;
  /** Reads chains anew because somebody unknown showed up. */
  learn(pool: Ref, user: Ref): Promise<void>;
  poolHead(pool: Ref): Head;
  /** Which paths may be taken; undefined while there is none. */
  paths(): IcePaths | undefined;
  /** There is none, and will be none by itself. */
  readonly lacksRelay: boolean;
  /** Resolves when the servers have taken it, or will not. */
  signal(pool: Ref, to: Bytes, body: Bytes): Promise<void>;
  onPeer(link: PeerLink, head: Head): PeerUse;
  onChanged(pool: Ref): void;
}
