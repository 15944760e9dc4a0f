// Failures on their way from one thread to the other: a copy of an Error forgets its class and its code, and where its cause
// cannot be copied nothing of the message would arrive. So they go as words.

import { NodeError, type NodeErrorCode, StoreDamagedError } from '../node-error.ts';
import { ClusterError, type ClusterErrorCode } from '../ports.ts';

export type CarriedError =
  | { readonly kind: 'cluster'; readonly code: ClusterErrorCode; readonly message: string }
  | { readonly kind: 'node'; readonly code: NodeErrorCode; readonly detail: string }
  | { readonly kind: 'other'; readonly words: ErrorWords };

export interface ErrorWords {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly cause?: ErrorWords;
}

/** A chain of causes may be a circle. */
const CAUSES_MAX = 8;

export function carry(error: unknown): CarriedError {
  if (error instanceof ClusterError) {
    return { kind: 'cluster', code: error.code, message: error.message };
  }
  if (error instanceof NodeError) return { kind: 'node', code: error.code, detail: error.detail };
  return { kind: 'other', words: wordsOf(error) };
}

export function uncarry(carried: CarriedError): Error {
  switch (carried.kind) {
    case 'cluster':
      return new ClusterError(carried.code, carried.message);
    case 'node': {
      const { code, detail } = carried;
      return code === 'STORE_DAMAGED' ? new StoreDamagedError(detail) : new NodeError(code, detail);
    }
    case 'other':
      return errorOf(carried.words);
  }
}

export function wordsOf(error: unknown, causes = CAUSES_MAX): ErrorWords {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error && error.code !== undefined ? { code: String(error.code) } : {};
  const because = cause === undefined || causes === 0 ? {} : { cause: wordsOf(cause, causes - 1) };
  return { name, message, ...(stack === undefined ? {} : { stack }), ...code, ...because };
}

/** Of one of the language's own classes where it was. */
export function errorOf({ name, message, stack, code, cause }: ErrorWords): Error {
  const because = cause === undefined ? {} : { cause: errorOf(cause) };
  const error = new (CLASSES.get(name) ?? Error)(message, because);
  if (error.name !== name) error.name = name;
  return Object.assign(error, { stack, ...(code === undefined ? {} : { code }) });
}

const CLASSES: ReadonlyMap<string, ErrorConstructor> = new Map(
  [RangeError, TypeError, SyntaxError, ReferenceError].map((known) => [known.name, known]),
);
