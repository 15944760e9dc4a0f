// Bytes per second as a person wants to read them: smoothed over a few seconds, zero when still.

const SMOOTHING = 0.25;
/** Samples in a row without a byte after which nothing flows any more. */
const STILL_SAMPLES = 3;

export class Speed {
  bytesPerSecond = 0;
  #lastMs: number;
  #bytes = 0;
  #stillSamples = 0;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** Something flows, or flowed a moment ago. */
  get active(): boolean {
    return this.#bytes > 0 || this.bytesPerSecond > 0;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Folds what came since the last call into the mean. */
  sample(nowMs: number): void {
    const passedMs = nowMs - this.#lastMs;
    if (passedMs <= 0) return;
    const current = (this.#bytes * 1000) / passedMs;
    this.bytesPerSecond =
      this.bytesPerSecond === 0
        ? current
        : this.bytesPerSecond + SMOOTHING * (current - this.bytesPerSecond);
    this.#stillSamples = this.#bytes === 0 ? this.#stillSamples + 1 : 0;
    if (this.#stillSamples >= STILL_SAMPLES) this.bytesPerSecond = 0;
    this.#lastMs = nowMs;
    this.#bytes = 0;
  }

  secondsLeft(bytesMissing: number): number | undefined {
    return this.bytesPerSecond > 0 ? Math.ceil(bytesMissing / this.bytesPerSecond) : undefined;
  }
}
