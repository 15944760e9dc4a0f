const REFRESH_MS = 1000;

/** Wakes the board when something happened, and every second in any case. */
export class Wake {
  stopped = false;
  #wake: (() => void) | undefined;

  now(): void {
    this.#wake?.();
  }

  stop(): void {
    this.stopped = true;
    this.#wake?.();
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.now(), REFRESH_MS);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
