// Counts rounds of keep-alive in which nothing came from the other end. Rounds and not milliseconds: while
// this process stood still, no round went by, and what came meanwhile is read before the next ones.

/** The other end speaks in every round. */
const SILENT_ROUNDS_MAX = 4;

export class Silence {
  #rounds = 0;

  broken(): void {
    this.#rounds = 0;
  }

  /** Called in each round: whether it has lasted too long. */
  isOver(): boolean {
    this.#rounds += 1;
    return this.#rounds > SILENT_ROUNDS_MAX;
  }

  /** Something came since the last round. */
  get isBroken(): boolean {
    return this.#rounds === 0;
  }
}
