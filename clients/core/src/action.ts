// Outcomes of actions with words that a person can read. Codes come from the protocol's table, and the
// few that only a client knows from its own.

import { ERRORS, type ErrorCode, type Refusal } from '@rockpool/protocol';
import { CLIENT_ERRORS, type ClientErrorCode } from './client-errors.ts';
import type { ActionError, ActionResult } from './view.ts';

export function succeeded(): ActionResult;
export function succeeded<T>(value: T): ActionResult<T>;
export function succeeded(value?: unknown): ActionResult<unknown> {
  return { ok: true, value };
}

export function failed(code: ActionError['code']): {
  readonly ok: false;
  readonly error: ActionError;
} {
  const words =
    code in CLIENT_ERRORS ? CLIENT_ERRORS[code as ClientErrorCode] : ERRORS[code as ErrorCode];
  return { ok: false, error: { code, message: words.message, remedy: words.remedy } };
}

/** A refusal of the protocol, or a request that no node answered. */
export function failedBy(refusal: Refusal | 'offline'): ReturnType<typeof failed> {
  return failed(refusal === 'offline' ? 'OFFLINE' : refusal.code);
}
