// `rockpool` as a process, as people and programs run it.

import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The command's entry file, run by the Node that runs the tests. */
export const COMMAND = join(import.meta.dirname, '../../../bin/main.ts');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Goes before the command, as `ip netns exec NAME` does. */
  readonly enter?: readonly string[];
  readonly input?: string;
  /** Interrupts the command, as Ctrl-C does, once it has said this. */
  readonly interruptAt?: string;
}

export function runCommand(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const line = [...(options.enter ?? []), process.execPath, COMMAND, ...args];
    const [program = process.execPath, ...rest] = line;
    const child = spawn(program, rest, {
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let out = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
      const { interruptAt } = options;
      if (interruptAt !== undefined && errors.includes(interruptAt)) child.kill('SIGINT');
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, errors }));
    child.stdin.end(options.input ?? '');
  });
}
