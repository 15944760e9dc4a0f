// What an operator is told of a node's STUN.

import type { StunServer } from '@rockpool/stun';

export interface StunStatus {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly sinceMs: number;
  readonly answers: number;
  /** Datagrams and messages that got no answer, or an error, for whatever reason. */
  readonly refused: number;
}

export function stunStatus(server: StunServer, sinceMs: number): StunStatus {
  const { addresses, port } = server;
  const { success: answers, ...others } = server.metrics().outcomes;
  const refused = Object.values(others).reduce((sum, count) => sum + count, 0);
  return { addresses, port, sinceMs, answers, refused };
}
