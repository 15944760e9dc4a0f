// What a pool's room asks of the engine around it.

import type { Bytes, Ref } from '@rockpool/protocol';
import type { Chains } from '../chains/chains.ts';
import type { Swarm } from '../files/swarm.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Platform } from '../ports.ts';
import type { Session } from '../session/session.ts';
import type { RowWriter } from '../store/row-writer.ts';
import type { Notice } from '../view.ts';

export interface RoomHost {
  readonly platform: Platform;
  readonly writer: RowWriter;
  readonly session: Session;
  readonly chains: Chains;
  readonly mesh: Mesh;
  readonly swarm: Swarm;
  /** Signs as this device. */
  sign(message: Bytes): Promise<Bytes>;
  /** Reads a user's and a pool's chains anew, at most every few seconds. */
  learn(pool: Ref, user?: Ref): Promise<void>;
  changed(): void;
  notify(tone: Notice['tone'], text: string): void;
}
