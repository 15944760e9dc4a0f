// What a command's handler decides. Handlers are pure: rows, command and entry time in, this out.

import type { ErrorCode, Head, Refusal, Result } from '@rockpool/protocol';
import type { Command } from './commands.ts';
import type { ApplyContext, Bytes, Revokes, Row, VerifyChecks } from './ports.ts';
import type { Reply } from './replies.ts';

export interface Outcome {
  readonly reply: Reply;
  readonly writes: readonly Row[];
  readonly events: readonly Bytes[];
}

export type Rows = (key: Bytes) => Bytes | undefined;

export interface HandlerContext extends ApplyContext {
  readonly verify: VerifyChecks;
  readonly revokes: Revokes;
}

export interface Handler<C extends Command> {
  /** The slot that the command belongs to; undefined where any shard's will do. */
  place(command: C): Result<number> | undefined;
  /** The keys that `apply` may look at. Called only where `place` fits. */
  reads(command: C): readonly Bytes[];
  apply(rows: Rows, command: C, context: HandlerContext): Outcome;
}

/** Done, now or earlier: nothing to write. */
export function done(head?: Head, time?: number): Outcome {
  const at = head === undefined || time === undefined ? {} : { head, time };
  return { reply: { ok: true, ...at }, writes: [], events: [] };
}

/** A refusal changes nothing. `head`: where the chain stands. */
export function refused(refusal: Omit<Refusal, 'ok'>, head?: Head): Outcome {
  const { code, detail } = refusal;
  const reply = { ok: false, code, detail, ...(head === undefined ? {} : { head }) } as const;
  return { reply, writes: [], events: [] };
}

export function refusedAs(code: ErrorCode, detail: string, head?: Head): Outcome {
  return refused({ code, detail }, head);
}
