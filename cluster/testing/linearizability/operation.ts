// What a client did to one key and what it was told, for checking histories. Each call but a put answers the
// exact value that it found, so that whatever took effect is seen or does not matter.

/** Undefined where the key has no value. */
export type Value = string | undefined;

export type Call =
  | { readonly kind: 'read' }
  | { readonly kind: 'put'; readonly value: string }
  /** Puts `value` if it finds `expected`. */
  | { readonly kind: 'swap'; readonly expected: Value; readonly value: string };

/** Times are of one clock that never goes back; equal times count as overlapping. */
export interface Operation {
  readonly key: string;
  readonly call: Call;
  readonly invokedAt: number;
  /** Undefined if no answer came: it may take effect at any later time, or never. */
  readonly outcome: Outcome | undefined;
}

export interface Outcome {
  readonly returnedAt: number;
  /** What a read or swap found; a put finds nothing out. */
  readonly found?: Value;
}

/** The value after a call that found this one. */
export function valueAfter(call: Call, found: Value): Value {
  if (call.kind === 'put') return call.value;
  return call.kind === 'swap' && call.expected === found ? call.value : found;
}

/** Whether the answer fits a call that took effect on this value. */
export function isExplained({ call, outcome }: Operation, found: Value): boolean {
  return call.kind === 'put' || outcome === undefined || outcome.found === found;
}
