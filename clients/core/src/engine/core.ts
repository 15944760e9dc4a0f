// What the parts of a running engine share. Put together in engine.ts; everybody else takes it as
// it is and holds no part of it.

import type { Bytes, Ref } from '@rockpool/protocol';
import type { Chains } from '../chains/chains.ts';
import type { Swarm } from '../files/swarm.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { PoolRoom } from '../pool/pool-room.ts';
import type { Platform } from '../ports.ts';
import type { Session } from '../session/session.ts';
import type { Account, Profile } from '../store/account.ts';
import type { RowWriter } from '../store/row-writer.ts';
import type { Notice } from '../view.ts';

export interface Core {
  readonly platform: Platform;
  readonly writer: RowWriter;
  readonly session: Session;
  readonly chains: Chains;
  readonly mesh: Mesh;
  readonly swarm: Swarm;
  readonly rooms: ReadonlyMap<string, PoolRoom>;
  account(): Account | undefined;
  /** Signs as this device. */
  sign(message: Bytes): Promise<Bytes>;
  /** From now on this device belongs to this account: stored, and shown on the socket. */
  adoptAccount(account: Account): Promise<void>;
  /** Does the cluster know this device, although the answer to its registration got lost? */
  isKnownDevice(account: Account): Promise<boolean>;
  /** Opened, and the person is in it. */
  isMemberOf(pool: Ref): boolean;
  profile(): Profile | undefined;
  /** Opens a pool whose verified chain is held, watches it, and answers its room. */
  openPool(ref: Ref): Promise<PoolRoom>;
  /** Reads a user's and a pool's chains anew, at most every few seconds. */
  learn(pool: Ref, user?: Ref): Promise<void>;
  changed(): void;
  notify(tone: Notice['tone'], text: string): void;
}
