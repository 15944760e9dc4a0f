// A process that a bench starts and stops by itself. Whatever happens to the bench, it does not stay behind;
// what it printed last is in the error when it ends too early.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Answer } from './answer-requests.ts';

const OUTPUT_CHARACTERS_MAX = 100_000;
const TAIL_CHARACTERS = 2_000;
const STOP_TIMEOUT_MS = 5_000;

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory?: string;
  /** Added to the environment of the bench. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A program of ours that answers what it is asked, by `answerRequests`. */
  readonly answers?: boolean;
}

export class Child {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #killAtExit: () => void;
  readonly #waiting = new Map<number, (answer: Omit<Answer, 'id'>) => void>();
  #printed = '';
  #asked = 0;

  private constructor(process_: ChildProcess, pid: number) {
    this.pid = pid;
    this.#process = process_;
    const take = (chunk: Buffer): void => {
      this.#printed = (this.#printed + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_MAX);
    };
    process_.stdout?.on('data', take);
    process_.stderr?.on('data', take);
    this.#ended = once(process_, 'close').then(() => process_.exitCode);
    process_.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
    void this.#ended.then((code) => {
      for (const refuse of this.#waiting.values()) refuse({ why: `process ended with ${code}` });
    });
    this.#killAtExit = () => void process_.kill('SIGKILL');
    process.once('exit', this.#killAtExit);
  }

  /** Rejects when the program cannot be run at all. */
  static async start({ command, args, ...options }: ChildOptions): Promise<Child> {
    const started = spawn(command, args, {
      cwd: options.directory,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.answers ? ['ipc' as const] : [])],
    });
    await once(started, 'spawn');
    if (started.pid === undefined) throw new Error(`${command} has no process id`);
    return new Child(started, started.pid);
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** What it printed last. */
  get lastWords(): string {
    return this.#printed.slice(-TAIL_CHARACTERS);
  }

  /** Rejects with the program's own words when it fails, or when it ends before it has answered. */
  async ask(what: string, about = ''): Promise<string> {
    const id = this.#asked++;
    const answered = new Promise<Omit<Answer, 'id'>>((resolve) => this.#waiting.set(id, resolve));
    if (this.running) this.#process.send({ id, what, about });
    else this.#waiting.get(id)?.({ why: 'the process has ended' });
    const { told, why } = await answered;
    this.#waiting.delete(id);
    if (told === undefined) throw new Error(`${what}: ${why}\n${this.lastWords}`);
    return told;
  }

  /** Waits for its end and answers all it printed; rejects when it failed or took too long. */
  async finished(timeoutMs: number): Promise<string> {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), timeoutMs);
    const code = await this.#ended;
    clearTimeout(timer);
    process.off('exit', this.#killAtExit);
    if (code !== 0) throw new Error(`process ended with ${code}\n${this.lastWords}`);
    return this.#printed;
  }

  /** Asks it to end, and ends it when it does not. With SIGKILL there is no asking. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.running) this.#process.kill(signal);
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(timer);
    process.off('exit', this.#killAtExit);
  }
}
