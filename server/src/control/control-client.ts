// Asks a running node something over its Unix socket.

import { createConnection } from 'node:net';
import { join } from 'node:path';
import { operatorWords } from '../operator-errors.ts';
import {
  CONTROL_LINE_BYTES_MAX,
  CONTROL_SOCKET,
  type ControlAnswer,
  type ControlRequest,
  type InviteAnswer,
  type NodeStatus,
  readControlAnswer,
} from './control-messages.ts';

const ANSWER_TIMEOUT_MS = 15_000;

export class ControlError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'ControlError';
    this.code = code;
  }
}

/** Rejects with ControlError. */
export async function askStatus(dataDir: string): Promise<NodeStatus> {
  return (await ask(dataDir, { op: 'status' })) as NodeStatus;
}

/** Makes a new first-admin link; the former one stops working. Rejects with ControlError. */
export async function askFirstAdminInvite(dataDir: string): Promise<InviteAnswer> {
  return (await ask(dataDir, { op: 'invite-first-admin' })) as InviteAnswer;
}

async function ask(dataDir: string, request: ControlRequest): Promise<unknown> {
  const answer = readControlAnswer(await exchange(dataDir, `${JSON.stringify(request)}\n`));
  if (answer === undefined) {
    throw new ControlError(
      'PROTOCOL_VERSION',
      'The node runs another version of Rockpool. (PROTOCOL_VERSION)',
    );
  }
  if (!answer.ok) throw new ControlError(answer.code, answerWords(answer));
  return answer.value;
}

function answerWords({ code, detail }: Extract<ControlAnswer, { ok: false }>): string {
  return `The node refused (${code}): ${detail}`;
}

function exchange(dataDir: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(join(dataDir, CONTROL_SOCKET));
    let text = '';
    const fail = (words: string) => {
      socket.destroy();
      reject(new ControlError('NODE_UNREACHABLE', operatorWords('NODE_UNREACHABLE', words)));
    };
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => fail('The node does not answer.'));
    socket.on('error', () => {
      fail(`No node is running on ${dataDir}, or it belongs to another user of this machine.`);
    });
    socket.on('connect', () => socket.write(line));
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.length > CONTROL_LINE_BYTES_MAX) fail('The answer is too long.');
    });
    socket.on('end', () => resolve(text.trimEnd()));
  });
}
