// One node as a child process: started, watched, started again five seconds after it died, and
// asked to stop at the end.

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { VARIABLE_PREFIX } from '../config-variables.ts';

const RESTART_AFTER_MS = 5000;
/** A node that does not stop by then is killed; it loses nothing that was acknowledged. */
const STOP_TIMEOUT_MS = 10_000;

/** Of what a dying node says last. */
const WORDS_CHARACTERS_MAX = 300;

const MAIN = join(import.meta.dirname, '../../../bin/main.ts');

export interface NodeProcessOptions {
  readonly name: string;
  /** Complete ROCKPOOL_ settings; none of the launcher's own reach the node. */
  readonly settings: Readonly<Record<string, string>>;
  readonly logPath: string;
  /** Started, stopped or about to be restarted. */
  changed(): void;
}

export class NodeProcess {
  readonly name: string;
  readonly #options: NodeProcessOptions;
  readonly #log: WriteStream;
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;
  /** Why it ended last, until it runs again. */
  lastEnd: string | undefined;

  constructor(options: NodeProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.#log = createWriteStream(options.logPath, { flags: 'a', mode: 0o600 });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const child = spawn(process.execPath, [MAIN, 'node'], {
      env: { ...foreignEnvironment(), ...this.#options.settings },
      // The channel tells the node when its launcher is gone.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    child.stdout?.pipe(this.#log, { end: false });
    child.stderr?.pipe(this.#log, { end: false });
    let words = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-WORDS_CHARACTERS_MAX);
    });
    child.once('error', (error) => this.#ended(child, error.message));
    child.once('close', (code, signal) => {
      const said = words.trim().split('\n').at(-1);
      this.#ended(child, signal ?? (said || `exit code ${code}`));
    });
    this.#options.changed();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child !== undefined) {
      // Not `exit`: it may have passed already while the pipes are still open, and never comes again.
      const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await gone;
      clearTimeout(timer);
    }
    await new Promise<void>((resolve) => this.#log.end(resolve));
  }

  #ended(child: ChildProcess, why: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.lastEnd = why;
    if (!this.#stopping) {
      this.#restart = setTimeout(() => this.start(), RESTART_AFTER_MS);
    }
    this.#options.changed();
  }
}

function foreignEnvironment(): NodeJS.ProcessEnv {
  const foreign = Object.entries(process.env).filter(([name]) => !name.startsWith(VARIABLE_PREFIX));
  return Object.fromEntries(foreign);
}
