// Warnings that others can provoke: of each kind one line a second, so that nobody fills the log.

import type { ClusterLogger } from './options.ts';

const EVERY_MS = 1_000;

export class PacedLog {
  readonly #logger: ClusterLogger;
  readonly #monotonicMs: () => number;
  /** By kind; kinds are few and fixed, never what a stranger sent. */
  readonly #loggedMs = new Map<string, number>();

  constructor(logger: ClusterLogger, monotonicMs: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#monotonicMs = monotonicMs;
  }

  warn(kind: string, fields: object, message: string): void {
    const nowMs = this.#monotonicMs();
    if (nowMs - (this.#loggedMs.get(kind) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return;
    this.#loggedMs.set(kind, nowMs);
    this.#logger.warn(fields, message);
  }
}
