// Rate limits per client address and per device, in this node's memory. Addresses are cut to what
// one household or server gets (IPv6: /64), so that a client cannot pick a new one for each request.

import { isIPv6 } from 'node:net';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

interface Allowance {
  readonly points: number;
  readonly seconds: number;
}

/** docs/operations.md explains them; a whole office may sit behind one address. */
export const RATE_LIMITS = {
  /** WebSockets opened, by address. */
  sockets: { points: 240, seconds: 60 },
  /** Proofs before a device is known (register, enrol, prove, auth), by address. */
  ceremonies: { points: 240, seconds: 60 },
  /** The same, by invite key: a leaked link cannot be used to fill the log. */
  invite: { points: 30, seconds: 60 },
  /** Links for chains, by device. */
  statements: { points: 120, seconds: 60 },
  /** Reads of chains and pool lists, and watch lists, by device. */
  reads: { points: 1200, seconds: 60 },
  /** Signals, by device: ICE candidates of many peers at once come in bursts. */
  signals: { points: 3000, seconds: 60 },
} as const satisfies Readonly<Record<string, Allowance>>;

export type RateLimitName = keyof typeof RATE_LIMITS;
export type Allowances = Readonly<Record<RateLimitName, Allowance>>;

export class RateLimits {
  readonly #limiters: ReadonlyMap<RateLimitName, RateLimiterMemory>;

  constructor(allowances: Allowances = RATE_LIMITS) {
    const names = Object.keys(RATE_LIMITS) as RateLimitName[];
    this.#limiters = new Map(
      names.map((name) => {
        const { points, seconds: duration } = allowances[name];
        return [name, new RateLimiterMemory({ keyPrefix: name, points, duration })];
      }),
    );
  }

  /** Undefined: go on. Else the milliseconds to wait. */
  async take(name: RateLimitName, key: string): Promise<number | undefined> {
    try {
      await this.#limiters.get(name)?.consume(key);
      return undefined;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return Math.max(1, refusal.msBeforeNext);
      throw refusal;
    }
  }
}

/** What stands for a client in the limits by address. */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [head = '', tail] = address.split('%', 1).join('').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
