// Clients that read at any process. A read must see at least what was committed anywhere, by any
// leader, when it was asked for; the checker's history stands outside of all nodes.

import type { NodeId } from '../../src/core/entry.ts';
import type { ConfirmedRead } from '../../src/core/types.ts';
import type { Checker } from './checker.ts';
import type { CoverageCounter } from './coverage.ts';
import type { SimProcess } from './process.ts';
import { check } from './violation.ts';

interface Asked {
  readonly life: number;
  readonly read: number;
  readonly committedIndex: number;
}

const AGAIN_MAX = 20;
/** Who wait for a process to start again. */
const WAITING = 3;

export class Readers {
  readonly #checker: Checker;
  readonly #coverage: CoverageCounter;
  readonly #asked = new Map<SimProcess, Asked[]>();
  /** In which each was asked when it had started. */
  readonly #lives = new Map<NodeId, number>();
  #confirmedCount = 0;

  constructor(checker: Checker, coverage: CoverageCounter) {
    this.#checker = checker;
    this.#coverage = coverage;
  }

  get confirmedCount(): number {
    return this.#confirmedCount;
  }

  isWaiting(process: SimProcess): boolean {
    return this.#of(process).some(({ life }) => life === process.life);
  }

  read(process: SimProcess): void {
    const { committedIndex } = this.#checker;
    process.readIndex((result) => {
      if (!result.ok) {
        this.#coverage.count(result.code === 'BUSY' ? 'read.busy' : 'read.noLeader');
        return;
      }
      const { life } = process;
      const ofThisLife = this.#of(process).filter((asked) => asked.life === life);
      this.#asked.set(process, [...ofThisLife, { life, read: result.read, committedIndex }]);
    });
  }

  /** Of this life of it nothing was asked yet. */
  isNew({ id, life }: SimProcess): boolean {
    return this.#lives.get(id) !== life;
  }

  /**
   * A process that has started again is asked by those who waited for that, and again what it had not answered, once it
   * knows whom to ask. False if it does not, or was asked already.
   */
  askAgain(process: SimProcess): boolean {
    const { id, life, status } = process;
    if (status?.leader === undefined || !this.isNew(process)) return false;
    this.#lives.set(id, life);
    const asked = this.#of(process);
    const ofThisLife = asked.filter((each) => each.life === life);
    this.#asked.set(process, ofThisLife);
    const lost = asked.length - ofThisLife.length;
    const times = Math.min(Math.max(lost, WAITING), AGAIN_MAX);
    for (let count = 0; count < times; count += 1) this.read(process);
    return true;
  }

  confirmed(process: SimProcess, { read, index }: ConfirmedRead): void {
    const asked = this.#take(process, read);
    const isCurrent = index >= asked.committedIndex;
    check(isCurrent, 'linearizableRead', () => `${process.id} reads at ${index}, in the past`);
    const isApplied = process.readableIndex >= index;
    check(isApplied, 'linearizableRead', () => `${process.id} has not applied ${index}`);
    this.#confirmedCount += 1;
    const isLeader = process.raft?.role === 'leader';
    this.#coverage.count(isLeader ? 'read.atLeader' : 'read.elsewhere');
  }

  failed(process: SimProcess, read: number): void {
    this.#take(process, read);
    this.#coverage.count('read.failed');
  }

  #take(process: SimProcess, read: number): Asked {
    const asked = this.#of(process);
    const found = asked.find((other) => other.life === process.life && other.read === read);
    if (found === undefined) {
      throw new Error(`${process.id} ends read ${read}, which nobody waits for`);
    }
    asked.splice(asked.indexOf(found), 1);
    return found;
  }

  #of(process: SimProcess): Asked[] {
    return this.#asked.get(process) ?? [];
  }
}
