// At most one attempt at a time on this device; the engine asks here what to show of it.

import type { ServerFrame } from '@rockpool/protocol';
import { failed, succeeded } from '../action.ts';
import type { ActionResult, LinkingView } from '../view.ts';
import { Attempt, type AttemptHost, type Outcome } from './attempt.ts';

export class Linking {
  readonly #host: AttemptHost;
  #attempt: Attempt | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(host: AttemptHost) {
    this.#host = host;
  }

  get view(): LinkingView | undefined {
    return this.#attempt?.view;
  }

  run(flow: (attempt: Attempt) => Promise<Outcome<unknown>>): Promise<ActionResult> {
    if (this.#attempt !== undefined) return Promise.resolve(failed('LINK_BUSY'));
    const running = this.#run(flow);
    const ended = () => {};
    this.#running = running.then(ended, ended);
    return running;
  }

  async #run(flow: (attempt: Attempt) => Promise<Outcome<unknown>>): Promise<ActionResult> {
    const attempt = new Attempt(this.#host);
    this.#attempt = attempt;
    try {
      const outcome = await flow(attempt);
      return outcome.ok ? succeeded() : failed(outcome.code);
    } finally {
      this.#attempt = undefined;
      this.#host.changed();
    }
  }

  answer(same: boolean): void {
    this.#attempt?.answerDigits(same);
  }

  /** Resolves once the attempt is over. It may have been too late: then this device has an account. */
  cancel(): Promise<void> {
    this.#attempt?.end('LINK_CANCELLED');
    return this.#running;
  }

  push(frame: Extract<ServerFrame, { type: 'met' | 'passed' | 'parted' }>): void {
    this.#attempt?.push(frame);
  }
}
