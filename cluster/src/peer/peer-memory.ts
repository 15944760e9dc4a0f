// What was last heard of each peer's store: boot number, the id of that boot, and the newest batch that
// was durable there. A peer whose store is older than that has forgotten promises (a vote, an acknowledged
// entry): its disk lost writes that it had synced, a backup was put back, or a copy of it runs elsewhere.
// It is not heard, so that neither its votes nor its acknowledgements count, and the alarm is raised.

import { decodePeerMark, type PeerMark, type StoreClaim } from '../format/identity.ts';
import { NodeError } from '../node-error.ts';

export interface PeerMemoryPorts {
  /** Stores a mark: at once if the peer's boot is new, else with what is written next. */
  remember(nodeId: string, mark: PeerMark, isNewBoot: boolean): void;
  /** Told once for each time that a peer comes back with a store of the past. */
  behind(nodeId: string, mark: PeerMark, known: PeerMark): void;
}

export class PeerMemory {
  readonly #marks = new Map<string, PeerMark>();
  readonly #behind = new Set<string>();
  readonly #ports: PeerMemoryPorts;

  constructor(ports: PeerMemoryPorts) {
    this.#ports = ports;
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

  /** Whether it last came with a store that has forgotten what it promised. */
  isBehind(nodeId: string): boolean {
    return this.#behind.has(nodeId);
  }

  /** False, and nothing remembered, if the peer's store is not the one that was heard before. */
  admit(nodeId: string, claim: StoreClaim): boolean {
    const known = this.#marks.get(nodeId);
    const { bootNumber, bootId, batch } = claim;
    const heard = { bootNumber, bootId, batch };
    if (known !== undefined && isPast(claim, known)) {
      if (!this.#behind.has(nodeId)) this.#ports.behind(nodeId, heard, known);
      this.#behind.add(nodeId);
      return false;
    }
    this.#behind.delete(nodeId);
    if (bootNumber === known?.bootNumber && batch === known.batch) return true;
    this.#marks.set(nodeId, heard);
    this.#ports.remember(nodeId, heard, bootNumber !== known?.bootNumber);
    return true;
  }
}

/**
 * Of a newer boot it counts which batches it found: by the time that it is heard it may have written as many new ones as it had
 * lost, and more.
 */
function isPast(claim: StoreClaim, known: PeerMark): boolean {
  if (claim.bootNumber > known.bootNumber) return claim.bootBatch <= known.batch;
  if (claim.bootNumber < known.bootNumber) return true;
  return claim.bootId !== known.bootId || claim.batch < known.batch;
}
