// Which rows a run writes. Key and value of each write follow from the run's seed, phase, lane and number alone,
// so that reading back needs nothing but how many writes of each lane were acknowledged.
import { createHash } from 'node:crypto';

export const VALUE_BYTES = 256;
/** Random bytes that values are cut from. A database that compresses gains nothing from them. */
const NOISE_BYTES = 1_048_576;
/** Prime, and larger than a value, so that neighbours share no bytes. */
const WRITE_STRIDE = 263;
const LANE_STRIDE = 65_537;
const KEY = /^([a-z0-9]+)\/(\d{4})\/(\d{8})$/;

export interface Write {
  readonly phase: string;
  readonly lane: number;
  readonly number: number;
}

/** Acknowledged writes of each lane, by phase: numbers 0 to one less. */
export type Acknowledged = Readonly<Record<string, readonly number[]>>;

export function keyOf({ phase, lane, number }: Write): Buffer {
  return Buffer.from(`${phase}/${`${lane}`.padStart(4, '0')}/${`${number}`.padStart(8, '0')}`);
}

/** Undefined for a key that no plan writes. */
export function writeOf(key: Buffer): Write | undefined {
  const parts = KEY.exec(key.toString('latin1'));
  const [, phase, lane, number] = parts ?? [];
  if (phase === undefined) return undefined;
  return { phase, lane: Number(lane), number: Number(number) };
}

/** The value of each write of the run with this seed. */
export function valuesOf(seed: string): (write: Write) => Buffer {
  const noise = createHash('shake256', { outputLength: NOISE_BYTES }).update(seed).digest();
  return ({ phase, lane, number }) => {
    const place = number * WRITE_STRIDE + lane * LANE_STRIDE + phase.length;
    const from = place % (NOISE_BYTES - VALUE_BYTES);
    return noise.subarray(from, from + VALUE_BYTES);
  };
}
