// Gathers changes of a moment into one new view, and tells those who watch only when it differs.

import { VIEW_INTERVAL_MS } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { ClientView } from '../view.ts';
import { FIRST_VIEW } from './client-view.ts';

export class Publisher {
  view: ClientView = FIRST_VIEW;
  readonly #clock: Clock;
  /** The view as it is now; the former one where nothing changed. */
  readonly #build: (before: ClientView) => ClientView;
  readonly #listeners = new Set<() => void>();
  #scheduled = false;
  #stopped = false;

  constructor(clock: Clock, build: (before: ClientView) => ClientView) {
    this.#clock = clock;
    this.#build = build;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  soon(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#clock.after(VIEW_INTERVAL_MS, () => {
      this.#scheduled = false;
      this.now();
    });
  }

  now(): void {
    if (this.#stopped) return;
    const view = this.#build(this.view);
    if (view === this.view) return;
    this.view = view;
    for (const listener of this.#listeners) listener();
  }

  stop(): void {
    this.#stopped = true;
  }
}
