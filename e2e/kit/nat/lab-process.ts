// A program of this repository in one place of the lab. It ends when its standard input does, and so with us.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { NetworkNamespaces } from '../network-namespaces.ts';

const READY_TIMEOUT_MS = 90_000;

export interface LabProgram {
  readonly place: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logPath: string;
}

export class LabProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(spaces: NetworkNamespaces, program: LabProgram): Promise<LabProcess> {
    const [command = '', ...args] = [
      ...spaces.enter(program.place),
      process.execPath,
      ...program.args,
    ];
    const child = spawn(command, args, { env: { ...process.env, ...program.env } });
    const log = createWriteStream(program.logPath, { flags: 'a' });
    child.stdout.pipe(log);
    child.stderr.pipe(log, { end: false });
    await once(child, 'spawn');
    return new LabProcess(child);
  }

  /** Waits for the line `ready`. */
  async ready(what: string): Promise<void> {
    const child = this.#child;
    const said = once(child.stdout ?? child, 'data', {
      signal: AbortSignal.timeout(READY_TIMEOUT_MS),
    });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${what} ended`)));
    ended.catch(() => {});
    await Promise.race([said, ended]);
  }

  /** Resolves once it has said something about it. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const said = once(this.#child.stdout ?? this.#child, 'data');
    this.#child.kill(signal);
    await said;
  }

  async end(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
