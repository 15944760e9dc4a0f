/* Buffers for answers that wait to be sent: a queued send keeps its buffer until the kernel took it. */
import { ANSWER_BYTES_MAX } from './codec/binding-answer.ts';

/** Answers that may wait at once. */
export const ANSWERS_QUEUED_MAX = 1024;

export class AnswerRing {
  readonly #buffers: readonly Uint8Array[];
  #at = 0;
  /** Where the next answer is written to. */
  room: Uint8Array;

  constructor() {
    this.room = new Uint8Array(ANSWER_BYTES_MAX);
    const others = Array.from(
      { length: ANSWERS_QUEUED_MAX - 1 },
      () => new Uint8Array(ANSWER_BYTES_MAX),
    );
    this.#buffers = [this.room, ...others];
  }

  /** Keeps what is in `room` until as many answers followed as may wait. */
  advance(): void {
    this.#at = (this.#at + 1) % ANSWERS_QUEUED_MAX;
    this.room = this.#buffers[this.#at] ?? this.room;
  }
}
