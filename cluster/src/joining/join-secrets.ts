// The secrets of the join tokens that this process gave out: only their hashes, in memory, so that a restart makes
// all of them void. Each lets one node in, within an hour.

import { createHash } from 'node:crypto';
import { toHex } from '../format/bytes.ts';

export const JOIN_SECRET_LIFE_MS = 3_600_000;
/** One more makes the oldest void. */
const SECRETS_MAX = 16;

interface Given {
  readonly untilMs: number;
  /** Somebody joins by it right now. */
  isTaken: boolean;
}

export interface Claim {
  /** The node is in: nobody joins by this secret again. */
  spend(): void;
  /** Nothing came of it: it may be used once more. */
  giveBack(): void;
}

export class JoinSecrets {
  readonly #given = new Map<string, Given>();

  add(secret: Uint8Array, monotonicMs: number): void {
    this.#given.set(hashOf(secret), { untilMs: monotonicMs + JOIN_SECRET_LIFE_MS, isTaken: false });
    for (const oldest of this.#given.keys()) {
      if (this.#given.size <= SECRETS_MAX) break;
      this.#given.delete(oldest);
    }
  }

  /** Undefined for one that was never given, is spent, is too old, or is in use. Looked up by hash: its timing tells nothing. */
  claim(secret: Uint8Array, monotonicMs: number): Claim | undefined {
    const hash = hashOf(secret);
    const given = this.#given.get(hash);
    if (given === undefined || given.isTaken) return undefined;
    if (monotonicMs >= given.untilMs) {
      this.#given.delete(hash);
      return undefined;
    }
    given.isTaken = true;
    return {
      spend: () => void this.#given.delete(hash),
      giveBack: () => {
        given.isTaken = false;
      },
    };
  }
}

function hashOf(secret: Uint8Array): string {
  return toHex(createHash('sha256').update(secret).digest());
}
