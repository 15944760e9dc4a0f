// Messages of one form, three numbers and bytes, of which many go at once: their numbers lie in one array, their bytes in
// the buffers of the batch. To copy a tuple for each of them from thread to thread costs ten times as much.

import type { Bytes } from '../ports.ts';

const KINDS = ['submit', 'submitted', 'event'] as const;
export type RecordKind = (typeof KINDS)[number];

export type PackedRecord<Kind extends RecordKind = RecordKind> = readonly [
  kind: Kind,
  first: number,
  second: number,
  third: number | undefined,
  bytes: Bytes,
];

/** As they travel. */
export interface Records {
  /** FIELDS of each record. */
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly buffers: readonly ArrayBuffer[];
}

/** Kind, three numbers of which the third may be NaN for none, and where the bytes lie: buffer, offset, length. */
const FIELDS = 7;

export class RecordGatherer {
  #numbers: number[] = [];

  get isEmpty(): boolean {
    return this.#numbers.length === 0;
  }

  /** Its bytes lie at `offset` in a buffer of the batch. */
  add([kind, first, second, third, bytes]: PackedRecord, buffer: number, offset: number): void {
    const none = Number.NaN;
    const { length } = bytes;
    this.#numbers.push(KINDS.indexOf(kind), first, second, third ?? none, buffer, offset, length);
  }

  take(buffers: readonly ArrayBuffer[]): Records {
    const numbers = new Float64Array(this.#numbers);
    this.#numbers = [];
    return { numbers, buffers };
  }
}

/** The record with this number; its bytes are a view. */
export function recordAt({ numbers, buffers }: Records, number: number): PackedRecord {
  const at = number * FIELDS;
  const field = (place: number): number => numbers[at + place] ?? -1;
  const kind = KINDS[field(0)];
  const buffer = buffers[field(4)];
  if (kind === undefined || buffer === undefined) throw new Error('a record is not as it was sent');
  const third = Number.isNaN(field(3)) ? undefined : field(3);
  return [kind, field(1), field(2), third, new Uint8Array(buffer, field(5), field(6))];
}
