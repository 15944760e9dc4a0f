// A command of `rockpool` as it is typed at a terminal.

import { runCli } from '@rockpool/cli';
import { serverCommands } from '../../src/cli/command-group.ts';

export function run(...args: string[]) {
  return runTyping('', ...args);
}

/** With what a person types when asked. */
export async function runTyping(typed: string, ...args: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const drawn: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    error: (text: string) => void errors.push(text),
    draw: (text: string) => void drawn.push(text),
    interactive: true,
    columns: () => 80,
    input: (async function* () {
      yield Buffer.from(typed);
    })(),
  };
  const context = { args, env: {}, terminal, stopped: Promise.resolve() };
  const code = await runCli([async () => serverCommands], context);
  return { code, out: out.join('\n'), errors: errors.join('\n'), drawn: drawn.join('') };
}
