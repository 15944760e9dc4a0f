// Looks at the space of a node's disk, and keeps a file that only takes some of it: the ballast. A disk that is nearly full is
// told to the cluster, which then refuses the application's commands until there is clearly more again. A node
// that starts on such a disk gives the ballast away first, so that it can start at all, and agree.

import { open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { After, Cancel } from '@rockpool/storage';
import type { ClusterLogger, DiskLimits } from '../options.ts';

const EVERY_MS = 5_000;
/** There is room again once it is a quarter more than the least. */
const CLEAR_FACTOR = 1.25;
const BALLAST_STEP_BYTES = 1_048_576;

export interface DiskWatchPorts {
  readonly after: After;
  readonly logger: ClusterLogger;
  /** What the cluster was last told of this node. */
  isReported(): boolean;
  /** Resolves once the cluster has agreed on it. */
  report(isFull: boolean): Promise<void>;
}

export class DiskWatch {
  readonly #dataDir: string;
  readonly #limits: DiskLimits;
  #isFull = false;
  #hasBallast = false;
  #cancel: Cancel | undefined;
  #working: Promise<void> = Promise.resolve();
  #stopped = false;

  private constructor(dataDir: string, limits: DiskLimits) {
    this.#dataDir = dataDir;
    this.#limits = limits;
  }

  /** Before anything is written: the ballast is taken, or given away where there is no room for it. */
  static async open(dataDir: string, limits: DiskLimits): Promise<DiskWatch> {
    const watch = new DiskWatch(dataDir, limits);
    watch.#isFull = (await watch.#freeBytes()) < limits.freeBytesMin;
    if (watch.#isFull) await watch.#giveBallast();
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
    const freeBytes = await this.#freeBytes();
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

  async #freeBytes(): Promise<number> {
    const { freeBytes } = this.#limits;
    if (freeBytes !== undefined) return await freeBytes(this.#dataDir);
    const { bavail, bsize } = await statfs(this.#dataDir);
    return bavail * bsize;
  }

  get #ballast(): string {
    return join(this.#dataDir, 'ballast');
  }

  async #giveBallast(): Promise<void> {
    await rm(this.#ballast, { force: true });
    this.#hasBallast = false;
  }

  /** Written and not only made long: a file with holes takes no space. */
  async #takeBallast(): Promise<void> {
    const { ballastBytes } = this.#limits;
    if (ballastBytes === 0) {
      await rm(this.#ballast, { force: true });
      this.#hasBallast = true;
      return;
    }
    const size = await stat(this.#ballast).then(
      (found) => found.size,
      () => -1,
    );
    this.#hasBallast = size === ballastBytes;
    if (this.#hasBallast) return;
    try {
      const file = await open(this.#ballast, 'w', 0o600);
      try {
        for (let at = 0; at < ballastBytes; at += BALLAST_STEP_BYTES) {
          await file.writeFile(new Uint8Array(Math.min(BALLAST_STEP_BYTES, ballastBytes - at)));
        }
        await file.sync();
      } finally {
        await file.close();
      }
      this.#hasBallast = true;
    } catch {
      // A node without it works: it only has less to give away.
      await this.#giveBallast();
    }
  }
}
