// Outcomes of actions with words that a person can read. Codes come from the protocol's table;
// the few that only a client knows stand here.

import { ERRORS, type ErrorCode, type Refusal } from '@rockpool/protocol';
import type { ActionError, ActionResult } from './view.ts';

type LocalCode = Exclude<ActionError['code'], ErrorCode>;

const LOCAL: Readonly<Record<LocalCode, { readonly message: string; readonly remedy: string }>> = {
  PASSKEY_CANCELLED: {
    message: 'The passkey prompt was closed or timed out.',
    remedy: 'Try again and confirm with your passkey.',
  },
  PASSKEY_UNAVAILABLE: {
    message: 'No passkey could be used here.',
    remedy: 'Use a phone or a security key, or another browser.',
  },
  STORE_FULL: {
    message: 'There is no room left on this device.',
    remedy: 'Free some space and try again.',
  },
  OFFLINE: {
    message: 'The servers cannot be reached right now.',
    remedy: 'Check the network and try again; open conversations go on meanwhile.',
  },
};

export function succeeded(): ActionResult;
export function succeeded<T>(value: T): ActionResult<T>;
export function succeeded(value?: unknown): ActionResult<unknown> {
  return { ok: true, value };
}

export function failed(code: ActionError['code']): {
  readonly ok: false;
  readonly error: ActionError;
} {
  const words = code in LOCAL ? LOCAL[code as LocalCode] : ERRORS[code as ErrorCode];
  return { ok: false, error: { code, message: words.message, remedy: words.remedy } };
}

/** A refusal of the protocol, or a request that no node answered. */
export function failedBy(refusal: Refusal | 'offline'): ReturnType<typeof failed> {
  return failed(refusal === 'offline' ? 'OFFLINE' : refusal.code);
}
