// Failures on their way from one thread to the other: a copy of an Error forgets its class and its code.

import { NodeError, type NodeErrorCode, StoreDamagedError } from '../node-error.ts';
import { ClusterError, type ClusterErrorCode } from '../ports.ts';

export type CarriedError =
  | { readonly kind: 'cluster'; readonly code: ClusterErrorCode; readonly message: string }
  | { readonly kind: 'node'; readonly code: NodeErrorCode; readonly detail: string }
  | { readonly kind: 'other'; readonly error: unknown };

export function carry(error: unknown): CarriedError {
  if (error instanceof ClusterError) {
    return { kind: 'cluster', code: error.code, message: error.message };
  }
  if (error instanceof NodeError) return { kind: 'node', code: error.code, detail: error.detail };
  return { kind: 'other', error: error instanceof Error ? error : String(error) };
}

export function uncarry(carried: CarriedError): unknown {
  switch (carried.kind) {
    case 'cluster':
      return new ClusterError(carried.code, carried.message);
    case 'node': {
      const { code, detail } = carried;
      return code === 'STORE_DAMAGED' ? new StoreDamagedError(detail) : new NodeError(code, detail);
    }
    case 'other':
      return carried.error;
  }
}
