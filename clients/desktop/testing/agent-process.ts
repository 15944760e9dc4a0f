// An agent as a process of its own, driven as a program drives it: by lines of JSON.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { COMMAND, type Ran, type RunOptions, runCommand } from './run-command.ts';

const EVENT_MAX_MS = 45_000;

type Event = Readonly<Record<string, unknown>> & { readonly event: string };

export class AgentProcess {
  readonly data: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #enter: readonly string[];
  readonly #events: Event[] = [];
  readonly #waiting = new Set<() => void>();
  #child: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  errors = '';

  private constructor(
    data: string,
    env: Readonly<Record<string, string>>,
    enter: readonly string[],
  ) {
    this.data = data;
    this.#enter = enter;
    this.#env = env;
  }

  /** An agent on this directory, with a passphrase beside it; it does not run yet. `enter` goes before its command. */
  static async on(dir: string, enter: readonly string[] = []): Promise<AgentProcess> {
    const passphrase = `${dir}.passphrase`;
    await writeFile(passphrase, 'a passphrase for tests\n');
    const env = {
      ROCKPOOL_AGENT_DATA: dir,
      ROCKPOOL_PASSPHRASE_FILE: passphrase,
      // No keyring of whoever runs the tests is written to.
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
    };
    return new AgentProcess(dir, env, enter);
  }

  start(...args: readonly string[]): void {
    const line = [...this.#enter, process.execPath, COMMAND, 'agent', '--json', ...args];
    const [program = process.execPath, ...rest] = line;
    const child = spawn(program, rest, {
      env: { ...process.env, ...this.#env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    let held = '';
    child.stdout.on('data', (chunk) => {
      const lines = (held + chunk).split('\n');
      held = lines.pop() ?? '';
      this.#events.push(...lines.map((line) => JSON.parse(line)));
      for (const look of [...this.#waiting]) look();
    });
    child.stderr.on('data', (chunk) => {
      this.errors += chunk;
    });
  }

  answer(value: object): void {
    this.#child?.stdin.write(`${JSON.stringify(value)}\n`);
  }

  /** The next event of this name that fits; those before it stay for others who ask. */
  event(name: string, fits: (event: Event) => boolean = () => true): Promise<Event> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.#events.findIndex((event) => event.event === name && fits(event));
        if (at < 0) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(this.#events.splice(at, 1)[0] as Event);
      };
      const timer = setTimeout(() => {
        const seen = this.#events.map(({ event }) => event).join(', ');
        reject(new Error(`no ${name}; seen: ${seen}; ${this.errors}`));
      }, EVENT_MAX_MS);
      this.#waiting.add(look);
      look();
    });
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const env = { ...this.#env, ...options.env };
    return runCommand(args, { enter: this.#enter, ...options, env });
  }

  /** Resolves to the exit code; what it told is forgotten. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return null;
    const gone = new Promise<number | null>((resolve) => {
      if (child.exitCode !== null) resolve(child.exitCode);
      child.once('close', (code) => resolve(code));
    });
    child.kill(signal);
    const code = await gone;
    this.#events.length = 0;
    return code;
  }
}
