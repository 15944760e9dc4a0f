// A coded failure over HTTP: the same codes as everywhere, with words and remedy for people.

import { ERRORS, type ErrorCode } from '@rockpool/protocol';
import type { FastifyReply } from 'fastify';

export interface ErrorAnswer {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
}

export async function sendError(reply: FastifyReply, code: ErrorCode): Promise<void> {
  const { http, message, remedy } = ERRORS[code];
  await reply.code(http).send({ code, message, remedy } satisfies ErrorAnswer);
}
