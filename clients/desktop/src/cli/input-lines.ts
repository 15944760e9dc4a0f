// Lines of standard input, read when they are asked for.

const LINE_BYTES_MAX = 4096;
const NEWLINE = 10;

export class InputLines {
  readonly #input: AsyncIterable<Uint8Array>;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #held: Uint8Array = new Uint8Array(0);
  #reading: Promise<string | undefined> | undefined;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input;
  }

  /** Undefined once the input has ended, or the line is not wanted any more. */
  async next(over: AbortSignal): Promise<string | undefined> {
    if (over.aborted) return undefined;
    // What was asked for and not used: the next one who asks gets it.
    this.#reading ??= this.#line();
    const reading = this.#reading;
    const ended = Promise.withResolvers<undefined>();
    const end = () => ended.resolve(undefined);
    over.addEventListener('abort', end);
    try {
      const line = await Promise.race([reading, ended.promise]);
      if (!over.aborted) this.#reading = undefined;
      return over.aborted ? undefined : line;
    } finally {
      over.removeEventListener('abort', end);
    }
  }

  async #line(): Promise<string | undefined> {
    this.#chunks ??= this.#input[Symbol.asyncIterator]();
    for (;;) {
      const end = this.#held.indexOf(NEWLINE);
      if (end >= 0) {
        const line = this.#held.subarray(0, end);
        this.#held = this.#held.subarray(end + 1);
        return textOf(line);
      }
      const next = await this.#chunks.next();
      const chunk = next.done === true ? undefined : next.value;
      if (chunk === undefined) {
        const rest = this.#held;
        this.#held = new Uint8Array(0);
        return rest.length > 0 ? textOf(rest) : undefined;
      }
      // Of a line that is too long the beginning is dropped: it is no answer to anything.
      this.#held = Buffer.concat([this.#held.subarray(-LINE_BYTES_MAX), chunk]);
    }
  }
}

function textOf(line: Uint8Array): string {
  return new TextDecoder().decode(line.subarray(0, LINE_BYTES_MAX)).trim();
}
