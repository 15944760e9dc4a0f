// `--demo`: two browser windows that a child process plays two people in. It may end whenever it likes;
// Rockpool goes on.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const DEMO = join(import.meta.dirname, '..', '..', '..', 'e2e', 'demo.ts');
const STOP_TIMEOUT_MS = 5000;
/** It found that it cannot begin, and has touched nothing. */
const CANNOT_BEGIN = 2;

export interface DemoProcessOptions {
  readonly origin: string;
  /** Makes the first account; undefined where there is one. */
  readonly link: string | undefined;
  say(words: string): void;
  /** It did not begin, so the link is still to be used. */
  unused(): void;
}

export class DemoProcess {
  #child: ChildProcess | undefined;
  #stopping = false;

  start(options: DemoProcessOptions, script = DEMO): void {
    if (this.#stopping) return;
    const { origin, link } = options;
    const args = ['--origin', origin, ...(link === undefined ? [] : ['--link', link])];
    const child = spawn(process.execPath, [script, ...args], {
      // The channel tells the demo when its launcher is gone.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    for (const input of [child.stdout, child.stderr]) {
      if (input !== null) createInterface({ input }).on('line', options.say);
    }
    child.once('error', (error) => options.say(`The demo could not start: ${error.message}`));
    child.once('close', (code) => {
      this.#child = undefined;
      if (this.#stopping) return;
      options.say(`The demo has ended; Rockpool goes on at ${origin}`);
      if (code === CANNOT_BEGIN) options.unused();
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
  }
}
