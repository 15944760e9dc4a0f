// Listeners of one kind. One that throws is a bug of its owner: it crashes the process, but not in
// the middle of the writer or of another listener.

export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners: ((...args: Args) => void)[] = [];

  add(listener: (...args: Args) => void): void {
    this.#listeners.push(listener);
  }

  emit(...args: Args): void {
    for (const listener of this.#listeners) {
      try {
        listener(...args);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
