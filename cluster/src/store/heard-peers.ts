// The newest batch of each peer, on its way to the disk with whatever is written next. A peer whose disk drops
// its end while all nodes are stopped is thereby caught by the next node that it speaks to; no batch is
// written for it alone, since each would be news to the peers, and so on without end.

import type { Operation } from '@rockpool/storage';
import { encodePeerMark, type PeerMark } from '../format/identity.ts';

export class HeardPeers {
  /** By the hexadecimal key of the record. */
  readonly #marks = new Map<string, { readonly key: Uint8Array; readonly mark: PeerMark }>();

  note(key: Uint8Array, mark: PeerMark): void {
    this.#marks.set(Buffer.from(key).toString('hex'), { key, mark });
  }

  /** What was noted since the last call. */
  take(): readonly Operation[] {
    const taken = Array.from(this.#marks.values(), ({ key, mark }) => {
      return { key, payload: encodePeerMark(mark) };
    });
    this.#marks.clear();
    return taken;
  }
}
