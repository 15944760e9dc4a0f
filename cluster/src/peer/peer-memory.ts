// What was last heard of each peer's store: boot number, the id of that boot, and the newest batch that
// was durable there. A peer whose store is older than that has forgotten promises (a vote, an acknowledged
// entry): its disk lost writes that it had synced, a backup was put back, or a copy of it runs elsewhere.

import { decodePeerMark, type PeerMark } from '../format/identity.ts';
import { NodeError } from '../node-error.ts';

export class PeerMemory {
  readonly #marks = new Map<string, PeerMark>();
  readonly #write: (nodeId: string, mark: PeerMark) => void;

  /** `write` stores a mark; it is called when a peer's boot is new. */
  constructor(write: (nodeId: string, mark: PeerMark) => void) {
    this.#write = write;
  }

  /** Takes a stored mark. Throws NodeError if another version wrote it. */
  restore(nodeId: string, payload: Uint8Array): void {
    const mark = decodePeerMark(payload);
    if (mark === undefined) throw new NodeError('STORE_VERSION', 'The memory of a peer.');
    this.#marks.set(nodeId, mark);
  }

  /** 0 if it was never heard. */
  bootOf(nodeId: string): number {
    return this.#marks.get(nodeId)?.bootNumber ?? 0;
  }

  /** False, and nothing remembered, if the peer's store is not the one that was heard before. */
  admit(nodeId: string, mark: PeerMark): boolean {
    const known = this.#marks.get(nodeId);
    if (known !== undefined && isPast(mark, known)) return false;
    const { bootNumber, bootId, batch } = mark;
    this.#marks.set(nodeId, { bootNumber, bootId, batch });
    // The batch alone is kept in memory: it changes with every write of the peer.
    if (bootNumber !== known?.bootNumber) this.#write(nodeId, { bootNumber, bootId, batch });
    return true;
  }
}

function isPast(mark: PeerMark, known: PeerMark): boolean {
  if (mark.bootNumber > known.bootNumber) return mark.batch <= known.batch;
  if (mark.bootNumber < known.bootNumber) return true;
  return mark.bootId !== known.bootId || mark.batch < known.batch;
}
