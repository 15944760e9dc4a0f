// Decoding and judging fail all day long, so failure is a value here and never an exception.

import type { ErrorCode } from '../errors.ts';

export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  /** For developers and logs: which field, which rule. Holds nothing secret. */
  readonly detail: string;
}

export type Result<T> = { readonly ok: true; readonly value: T } | Refusal;

export function accept<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refuse(code: ErrorCode, detail: string): Refusal {
  return { ok: false, code, detail };
}
