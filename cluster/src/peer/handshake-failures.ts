// A TLS handshake costs this node signatures. An address whose handshakes keep failing, or bring keys
// that no member holds, is turned away before TLS for the rest of a window.

const WINDOW_MS = 10_000;
/** A member with a wrong key that dials with back-off stays below. */
const FAILURES_MAX = 50;
const ADDRESSES_MAX = 1_024;

interface Window {
  readonly sinceMs: number;
  failures: number;
}

export class HandshakeFailures {
  readonly #windows = new Map<string, Window>();

  count(address: string, nowMs: number): void {
    const window = this.#windows.get(address);
    if (window !== undefined && nowMs - window.sinceMs < WINDOW_MS) {
      window.failures += 1;
      return;
    }
    this.#windows.delete(address);
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size < ADDRESSES_MAX) break;
      this.#windows.delete(oldest);
    }
    this.#windows.set(address, { sinceMs: nowMs, failures: 1 });
  }

  isBlocked(address: string, nowMs: number): boolean {
    const window = this.#windows.get(address);
    return (
      window !== undefined && window.failures >= FAILURES_MAX && nowMs - window.sinceMs < WINDOW_MS
    );
  }
}
