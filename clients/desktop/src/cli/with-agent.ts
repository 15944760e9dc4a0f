// The frame of every command that talks to the running agent: connection, time limit, interruption,
// and the exit code for what went wrong.

import { type CommandContext, readSeconds } from '@rockpool/cli';
import { AgentError } from '../agent-errors.ts';
import { AgentConnection } from '../control/control-client.ts';
import type { PoolSummary } from '../control/messages.ts';
import { type Failure, failureOf } from '../failure.ts';
import { jsonLine, plainLine } from '../plain-text.ts';
import { dataDirectoryOf } from '../settings.ts';

export const EXIT = { done: 0, failed: 1, noAgent: 3, timeOver: 4, interrupted: 130 } as const;
const NO_AGENT = ['AGENT_NOT_RUNNING', 'AGENT_NOT_LINKED', 'AGENT_STOPPED'];

/** Options of every such command. */
export const AGENT_OPTIONS = {
  data: { type: 'string' },
  json: { type: 'boolean' },
  timeout: { type: 'string' },
} as const;

export const AGENT_OPTIONS_USAGE = [
  '  --timeout SECONDS  give up after that long (exit code 4)',
  '  --json             one JSON object a line on standard output',
  '  --data DIR         the data directory of the agent (else ROCKPOOL_AGENT_DATA)',
  '',
  'Exit codes: 0 done, 1 failed, 2 used wrongly, 3 no agent running or not linked, 4 time over,',
  '130 interrupted.',
].join('\n');

export interface AgentOptions {
  readonly data?: string | undefined;
  readonly json?: boolean | undefined;
  readonly timeout?: string | undefined;
}

export interface AgentTask {
  readonly agent: AgentConnection;
  /** Aborts when the time is over or the person interrupts. */
  readonly over: AbortSignal;
}

/** Resolves to the exit code. */
export async function withAgent(
  { env, terminal, stopped }: CommandContext,
  options: AgentOptions,
  run: (task: AgentTask) => Promise<void>,
): Promise<number> {
  const seconds = options.timeout === undefined ? undefined : readSeconds(options.timeout);
  const over = new AbortController();
  let ended: 'interrupted' | 'timeOver' | undefined;
  const end = (why: 'interrupted' | 'timeOver') => {
    ended ??= why;
    over.abort(new AgentError('TIME_OVER'));
  };
  void stopped.then(() => end('interrupted'));
  const timer = seconds && setTimeout(() => end('timeOver'), seconds * 1000);
  let agent: AgentConnection | undefined;
  try {
    agent = await AgentConnection.open(dataDirectoryOf(options.data, env));
    const close = () => agent?.close();
    over.signal.addEventListener('abort', close);
    if (over.signal.aborted) close();
    await run({ agent, over: over.signal });
    return EXIT.done;
  } catch (error) {
    if (ended === 'interrupted') return EXIT.interrupted;
    const failure = failureOf(ended === 'timeOver' ? new AgentError('TIME_OVER') : error);
    if (failure === undefined) throw error;
    showFailure(terminal, failure, options.json === true);
    if (ended === 'timeOver') return EXIT.timeOver;
    return NO_AGENT.includes(failure.code) ? EXIT.noAgent : EXIT.failed;
  } finally {
    clearTimeout(timer);
    agent?.close();
  }
}

export function showFailure(
  terminal: CommandContext['terminal'],
  { code, message, remedy }: Failure,
  json: boolean,
): void {
  terminal.error(plainLine(`${message} ${remedy} (${code})`));
  if (json) terminal.out(jsonLine({ event: 'failed', code, message, remedy }));
}

/** Throws POOL_UNKNOWN or POOL_AMBIGUOUS. */
export async function poolOf(agent: AgentConnection, choice: string): Promise<PoolSummary> {
  return (await agent.request({ op: 'pool', choice })) as PoolSummary;
}
