// The room on a simulated machine's disk, in units of its own: who watches it compares numbers.

import type { DiskSpace } from '../../../src/node/disk-space.ts';
import type { DiskLimits } from '../../../src/options.ts';
import type { CoverageCounter } from '../coverage.ts';

const ROOM_BYTES = 10_000;
/** Of a nearly full disk, while the node keeps its ballast. */
const LEFT_BYTES = 400;

export const SPACE_LIMITS: DiskLimits = { freeBytesMin: 1_000, ballastBytes: 500, everyMs: 400 };

export class SimSpace implements DiskSpace {
  readonly #coverage: CoverageCounter;
  #ballastBytes = 0;
  /** What something beside the node takes. */
  #takenBytes = 0;

  constructor(coverage: CoverageCounter) {
    this.#coverage = coverage;
  }

  get isNearlyFull(): boolean {
    return this.#takenBytes > 0;
  }

  /** Less is left than a node must have. */
  fill(): void {
    this.#takenBytes = ROOM_BYTES - SPACE_LIMITS.ballastBytes - LEFT_BYTES;
  }

  clear(): void {
    this.#takenBytes = 0;
  }

  async freeBytes(): Promise<number> {
    if (this.isNearlyFull) this.#coverage.count('O13');
    return ROOM_BYTES - this.#takenBytes - this.#ballastBytes;
  }

  async takeBallast(bytes: number): Promise<boolean> {
    this.#ballastBytes = bytes;
    return true;
  }

  async giveBallast(): Promise<void> {
    this.#ballastBytes = 0;
  }
}
