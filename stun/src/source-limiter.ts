/*
 * One token bucket per source in a table of fixed size, so that a flood from any number of forged addresses
 * costs no memory. A set holds four sources; a fifth takes the place of the one that was silent longest.
 */
import { readU32 } from './codec/message.ts';

const WAYS = 4;
/** Tokens, when it was last seen, and its address. */
const SLOT_BYTES = 24;
/** Sets IPv4 sources apart from IPv6 ones: no IPv6 source begins with it (ff00::/8 is multicast). */
const IPV4_HIGH = 0xffffffff;

export interface SourceLimit {
  /** Answers per second to one source in the long run. */
  readonly answersPerSecond: number;
  /** Answers at once to a source that was silent. */
  readonly burst: number;
  /** Sources remembered; rounded up to a power of two. */
  readonly sourcesMax: number;
}

/** The table itself, which several threads may share. Where two write at once, one of their tokens is forgiven. */
export function limiterMemory(limit: SourceLimit): SharedArrayBuffer {
  const slots = slotsOf(limit);
  const memory = new SharedArrayBuffer(slots * SLOT_BYTES);
  new Float64Array(memory, slots * 8, slots).fill(Number.NEGATIVE_INFINITY);
  return memory;
}

function slotsOf(limit: SourceLimit): number {
  return WAYS * 2 ** Math.ceil(Math.log2(Math.max(1, limit.sourcesMax / WAYS)));
}

/** Decides whether a source may be answered. A source is an IPv4 address or an IPv6 /64. */
export class SourceLimiter {
  readonly #limit: SourceLimit;
  readonly #setMask: number;
  readonly #keys: Uint32Array;
  readonly #tokens: Float64Array;
  readonly #seenMs: Float64Array;

  constructor(limit: SourceLimit, memory = limiterMemory(limit)) {
    this.#limit = limit;
    const slots = slotsOf(limit);
    this.#setMask = slots / WAYS - 1;
    this.#tokens = new Float64Array(memory, 0, slots);
    this.#seenMs = new Float64Array(memory, slots * 8, slots);
    this.#keys = new Uint32Array(memory, slots * 16, slots * 2);
  }

  /** Takes one token of the source whose address bytes these are; false when it has none left. */
  take(address: Uint8Array, addressBytes: 4 | 16, nowMs: number): boolean {
    const high = addressBytes === 4 ? IPV4_HIGH : readU32(address, 0);
    const low = addressBytes === 4 ? readU32(address, 0) : readU32(address, 4);
    const slot = this.#slotOf(high, low, nowMs);
    const elapsedMs = Math.max(0, nowMs - (this.#seenMs[slot] ?? nowMs));
    const { answersPerSecond, burst } = this.#limit;
    const refilled = (this.#tokens[slot] ?? 0) + (elapsedMs * answersPerSecond) / 1000;
    const tokens = Math.min(burst, refilled);
    this.#seenMs[slot] = nowMs;
    this.#tokens[slot] = tokens < 1 ? tokens : tokens - 1;
    return tokens >= 1;
  }

  #slotOf(high: number, low: number, nowMs: number): number {
    const first = (mix(high, low) & this.#setMask) * WAYS;
    let oldest = first;
    for (let slot = first; slot < first + WAYS; slot += 1) {
      const seenMs = this.#seenMs[slot] ?? 0;
      const known = seenMs !== Number.NEGATIVE_INFINITY;
      if (known && this.#keys[2 * slot] === high && this.#keys[2 * slot + 1] === low) return slot;
      if (seenMs < (this.#seenMs[oldest] ?? 0)) oldest = slot;
    }
    this.#keys[2 * oldest] = high;
    this.#keys[2 * oldest + 1] = low;
    this.#tokens[oldest] = this.#limit.burst;
    this.#seenMs[oldest] = nowMs;
    return oldest;
  }
}

/** Spreads neighbouring addresses over the sets; it needs no secret, since a full set only forgives. */
function mix(high: number, low: number): number {
  let hash = Math.imul(high ^ 0x9e3779b9, 0x85ebca6b) ^ low;
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
