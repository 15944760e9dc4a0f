// Looks at the space of a node's disk, and keeps a file that only takes some of it: the ballast. A disk that is nearly full is
// told to the cluster, which then refuses the application's commands until there is clearly more again. A node
// that starts on such a disk gives the ballast away first, so that it can start at all, and agree.

import type { After, Cancel } from '@rockpool/storage';
import type { ClusterLogger, DiskLimits } from '../options.ts';
import type { DiskSpace } from './disk-space.ts';

const EVERY_MS = 5_000;
/** There is room again once it is a quarter more than the least. */
const CLEAR_FACTOR = 1.25;

export interface DiskWatchPorts {
  readonly after: After;
  readonly logger: ClusterLogger;
  /** What the cluster was last told of this node. */
  isReported(): boolean;
  /** Resolves once the cluster has agreed on it. */
  report(isFull: boolean): Promise<void>;
}

export class DiskWatch {
  readonly #space: DiskSpace;
  readonly #limits: DiskLimits;
  #isFull = false;
  #hasBallast = false;
  #cancel: Cancel | undefined;
  #working: Promise<void> = Promise.resolve();
  #stopped = false;

  private constructor(space: DiskSpace, limits: DiskLimits) {
    this.#space = space;
    this.#limits = limits;
  }

  /** Before anything is written: the ballast is taken, or given away where there is no room for it. */
  static async open(space: DiskSpace, limits: DiskLimits): Promise<DiskWatch> {
    const watch = new DiskWatch(space, limits);
    watch.#isFull = (await space.freeBytes()) < limits.freeBytesMin;
    if (watch.#isFull) await space.giveBallast();
    else await watch.#takeBallast();
    return watch;
  }

  start(ports: DiskWatchPorts): void {
    // What it told before its restart holds until there is clearly more room.
    if (ports.isReported()) this.#isFull = true;
    this.#working = this.#check(ports);
  }

  /** Resolves once it looks no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#working;
  }

  async #check(ports: DiskWatchPorts): Promise<void> {
    try {
      await this.#look(ports);
    } catch (error) {
      // No leader, or a file system that does not answer: the next look comes soon.
      ports.logger.debug({ reason: String(error) }, 'the space of the disk was not told');
    }
    if (this.#stopped) return;
    this.#cancel = ports.after(this.#limits.everyMs ?? EVERY_MS, () => {
      this.#working = this.#check(ports);
    });
  }

  async #look({ logger, isReported, report }: DiskWatchPorts): Promise<void> {
    const { freeBytesMin, ballastBytes } = this.#limits;
    const freeBytes = await this.#space.freeBytes();
    const forBallast = this.#hasBallast ? 0 : ballastBytes;
    if (!this.#isFull && freeBytes < freeBytesMin) {
      this.#isFull = true;
      logger.error({ freeBytes, freeBytesMin }, 'the disk is nearly full: nothing is changed');
    } else if (this.#isFull && freeBytes >= freeBytesMin * CLEAR_FACTOR + forBallast) {
      await this.#takeBallast();
      this.#isFull = false;
      logger.info({ freeBytes }, 'the disk has room again');
    }
    if (!this.#stopped && isReported() !== this.#isFull) await report(this.#isFull);
  }

  async #takeBallast(): Promise<void> {
    this.#hasBallast = await this.#space.takeBallast(this.#limits.ballastBytes);
  }
}
