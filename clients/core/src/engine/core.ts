// What the parts of a running engine share. Put together in engine.ts; everybody else takes it as
// it is and holds no part of it.

import type { Ref } from '@rockpool/protocol';
import type { PathChoice } from '../paths/path-choice.ts';
import type { PoolRoom } from '../pool/pool-room.ts';
import type { RoomHost } from '../pool/room-host.ts';
import type { Account, Profile } from '../store/account.ts';

export interface Core extends RoomHost {
  readonly paths: PathChoice;
  readonly rooms: ReadonlyMap<string, PoolRoom>;
  account(): Account | undefined;
  /** From now on this device belongs to this account: stored, and shown on the socket. */
  adoptAccount(account: Account): Promise<void>;
  /** Does the cluster know this device? The socket in use is this device's from then on. */
  isKnownDevice(account: Account): Promise<boolean>;
  /** Opened, and the person is in it. */
  isMemberOf(pool: Ref): boolean;
  profile(): Profile | undefined;
  /** Opens a pool whose verified chain is held, watches it, and answers its room. */
  openPool(ref: Ref): Promise<PoolRoom>;
}
