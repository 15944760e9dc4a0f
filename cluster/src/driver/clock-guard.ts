// Whether this node's clock can be trusted to stamp entries: clocks travel in every frame, and one
// that is far from the median of the voters' stamps nothing. With fewer than three clocks nobody can
// say which one is wrong.

const DEVIATION_MS_MAX = 5_000;
const SAMPLES_MAX = 8;
const SAMPLE_AGE_MS_MAX = 10_000;

interface Sample {
  readonly offsetMs: number;
  readonly atMs: number;
}

export class ClockGuard {
  readonly #samples = new Map<string, Sample[]>();

  /** A peer's clock, as a frame that arrives now gives it. */
  observe(nodeId: string, clockMs: number, nowMs: number, monotonicMs: number): void {
    const samples = this.#samples.get(nodeId) ?? [];
    samples.push({ offsetMs: clockMs - nowMs, atMs: monotonicMs });
    if (samples.length > SAMPLES_MAX) samples.shift();
    this.#samples.set(nodeId, samples);
  }

  suspicious(monotonicMs: number): boolean {
    const offsets = [0];
    for (const samples of this.#samples.values()) {
      const fresh = samples.filter((sample) => monotonicMs - sample.atMs < SAMPLE_AGE_MS_MAX);
      // A delayed frame makes the peer's clock look late, never early.
      if (fresh.length > 0) offsets.push(Math.max(...fresh.map((sample) => sample.offsetMs)));
    }
    if (offsets.length < 3) return false;
    offsets.sort((a, b) => a - b);
    return Math.abs(offsets[Math.floor(offsets.length / 2)] ?? 0) > DEVIATION_MS_MAX;
  }
}
