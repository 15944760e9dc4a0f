// What a subcommand of `rockpool` gets and gives. Only main.ts touches the process.

import type { Environment } from '../config.ts';

export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Standard output is a terminal that a person reads, not a file or a log. */
  readonly interactive: boolean;
}

export interface CommandContext {
  readonly args: readonly string[];
  readonly env: Environment;
  readonly terminal: Terminal;
  /** Resolves when the process is asked to end. */
  readonly stopped: Promise<void>;
}

export interface Subcommand {
  readonly name: string;
  /** One line for `rockpool help`. */
  readonly summary: string;
  readonly usage: string;
  /** Resolves to the exit code. Throws UsageError for arguments that make no sense. */
  run(context: CommandContext): Promise<number>;
}

/** Arguments that make no sense; the message says why. Exit code 2. */
export class UsageError extends Error {}
