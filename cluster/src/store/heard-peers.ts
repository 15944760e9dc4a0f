// The newest batch of each peer, on its way to the disk with whatever is written next. A peer whose disk drops
// its end while all nodes are stopped is thereby caught by the next node that it speaks to; no batch is
// written for it alone, since each would be news to the peers, and so on without end.

import type { Operation } from '@rockpool/storage';
import { encodePeerMark, type PeerMark } from '../format/identity.ts';
import { peerKey } from '../format/store-key.ts';

export class HeardPeers {
  readonly #marks = new Map<string, PeerMark>();

  note(nodeId: string, mark: PeerMark): void {
    this.#marks.set(nodeId, mark);
  }

  /** What was noted since the last call. */
  take(): readonly Operation[] {
    const taken = Array.from(this.#marks, ([nodeId, mark]) => peerOperation(nodeId, mark));
    this.#marks.clear();
    return taken;
  }
}

export function peerOperation(nodeId: string, mark: PeerMark): Operation {
  return { key: peerKey(nodeId), payload: encodePeerMark(mark) };
}
