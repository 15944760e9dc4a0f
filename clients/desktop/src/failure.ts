// An expected failure in words for a person, whoever found it: the agent, a command or the engine.

import type { ActionError } from '@rockpool/client-core';
import { AGENT_ERRORS, AgentError } from './agent-errors.ts';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** Carries the words of a failure that was answered, by the engine or by the agent. */
export class AnsweredError extends Error {
  readonly failure: Failure;

  constructor({ code, message, remedy }: Failure | ActionError) {
    super(`${code}: ${message} ${remedy}`);
    this.name = 'AnsweredError';
    this.failure = { code, message, remedy };
  }
}

export function wordsOf({ code, detail }: AgentError): Failure {
  const { message, remedy } = AGENT_ERRORS[code];
  return { code, message: detail === '' ? message : `${message} ${detail}`, remedy };
}

/** Undefined: nobody expected this. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof AgentError) return wordsOf(error);
  return error instanceof AnsweredError ? error.failure : undefined;
}
