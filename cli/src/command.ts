// What a subcommand of `rockpool` gets and gives. Only bin/main.ts touches the process.

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Terminal {
  /** A line of what was asked for. */
  out(text: string): void;
  /** A line for the person: progress, hints, failures. */
  error(text: string): void;
  /** Standard output is a terminal that a person reads, not a file or a log. */
  readonly interactive: boolean;
  /** Where standard error is a terminal: writes as it is, for lines that are drawn again. */
  readonly draw?: ((text: string) => void) | undefined;
  /** Columns of that terminal now. */
  columns(): number;
  /** Where a person sits at a terminal: a line that is not shown while it is typed. */
  askSecret?(question: string): Promise<string | undefined>;
  /** Standard input. */
  readonly input: AsyncIterable<Uint8Array>;
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

/** Commands that belong together, as `rockpool help` shows them. */
export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Subcommand[];
  /** What stands below all commands: what else can be set. */
  readonly settings?: string;
}

/** Arguments that make no sense; the message says why. Exit code 2. */
export class UsageError extends Error {}
