// Asks a running node something over its Unix socket.

import { createConnection } from 'node:net';
import { join } from 'node:path';
import { operatorWords } from '../operator-errors.ts';
import {
  type BranchesAnswer,
  CONTROL_LINE_BYTES_MAX,
  CONTROL_SOCKET,
  type ControlAnswer,
  type ControlRequest,
  type DepartureAnswer,
  type InviteAnswer,
  type NodeStatus,
  readControlAnswer,
  type TokenAnswer,
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

/** Makes a token by which one new machine joins. Rejects with ControlError. */
export async function askToken(dataDir: string, address: string): Promise<TokenAnswer> {
  return (await ask(dataDir, { op: 'token', address })) as TokenAnswer;
}

/** Resolves once the cluster has agreed that the node leaves. Rejects with ControlError. */
export async function askRemoval(dataDir: string, node: string): Promise<DepartureAnswer> {
  return (await ask(dataDir, { op: 'remove', node })) as DepartureAnswer;
}

/** Resolves once the cluster has agreed on it. Rejects with ControlError. */
export async function askReplacement(
  dataDir: string,
  former: string,
  node: string,
): Promise<DepartureAnswer> {
  return (await ask(dataDir, { op: 'replace', former, node })) as DepartureAnswer;
}

/** From now on nothing is collected, and branches are chosen. Rejects with ControlError. */
export async function askGraceEnd(dataDir: string): Promise<void> {
  await ask(dataDir, { op: 'end-grace' });
}

/** Chains between whose branches a person has to choose. Rejects with ControlError. */
export async function askBranches(dataDir: string): Promise<BranchesAnswer> {
  return (await ask(dataDir, { op: 'branches' })) as BranchesAnswer;
}

/** Takes the branch whose newest link's hash begins so. Rejects with ControlError. */
export async function askBranchTaken(dataDir: string, tip: string): Promise<void> {
  await ask(dataDir, { op: 'take-branch', tip });
}

/** The bytes of a backup of the running cluster. Rejects with ControlError. */
export async function* askBackup(dataDir: string): AsyncGenerator<Uint8Array> {
  const socket = createConnection(join(dataDir, CONTROL_SOCKET));
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
  try {
    const request: ControlRequest = { op: 'backup' };
    socket.write(`${JSON.stringify(request)}\n`);
    let head = Buffer.alloc(0);
    let isAnswered = false;
    for await (const piece of socket as AsyncIterable<Buffer>) {
      if (isAnswered) {
        yield piece;
        continue;
      }
      head = Buffer.concat([head, piece]);
      const end = head.indexOf('\n');
      if (end < 0) continue;
      isAnswered = true;
      judge(readControlAnswer(head.subarray(0, end).toString()));
      yield head.subarray(end + 1);
    }
    if (!isAnswered) judge(readControlAnswer(head.toString()));
  } catch (error) {
    if (error instanceof ControlError) throw error;
    throw unreachable(
      `No node is running on ${dataDir}, or it belongs to another user of this machine.`,
    );
  } finally {
    socket.destroy();
  }
}

async function ask(dataDir: string, request: ControlRequest): Promise<unknown> {
  return judge(readControlAnswer(await exchange(dataDir, `${JSON.stringify(request)}\n`)));
}

function judge(answer: ControlAnswer | undefined): unknown {
  if (answer === undefined) {
    throw new ControlError(
      'PROTOCOL_VERSION',
      'The node runs another version of Rockpool. (PROTOCOL_VERSION)',
    );
  }
  if (!answer.ok) throw new ControlError(answer.code, answerWords(answer));
  return answer.value;
}

function unreachable(words: string): ControlError {
  return new ControlError('NODE_UNREACHABLE', operatorWords('NODE_UNREACHABLE', words));
}

function answerWords({ code, detail }: Extract<ControlAnswer, { ok: false }>): string {
  // What the cluster refuses has its code in front already.
  const hasCode = detail.startsWith(`${code}: `);
  return `The node refused: ${hasCode ? detail : `${detail} (${code})`}`;
}

function exchange(dataDir: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(join(dataDir, CONTROL_SOCKET));
    let text = '';
    const fail = (words: string) => {
      socket.destroy();
      reject(unreachable(words));
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
