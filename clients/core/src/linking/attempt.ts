// One attempt to bring a new device into an account, on either side: what the other device has said,
// what the person has answered, what is shown, and why it came to nothing. The two flows wait here
// for what happens next; nothing they wait for can keep them past the attempt's end.

import {
  decodeMeetingBody,
  encodeMeetingBody,
  type MeetingBody,
  type MeetingStep,
  type ServerFrame,
} from '@rockpool/protocol';
import { MEETING_BODIES_MAX, MEETING_LEAVE_MS } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { Link } from '../session/link.ts';
import type { ActionError, LinkingView } from '../view.ts';

type Code = ActionError['code'];
/** What an attempt's step came to: a value, or the code to tell the person. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: Code };

export const done = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const ended = (code: Code): { readonly ok: false; readonly code: Code } => ({
  ok: false,
  code,
});

export type BodyOf<S extends MeetingStep> = Extract<MeetingBody, { step: S }>;
type Unversioned<B> = B extends MeetingBody ? Omit<B, 'v'> : never;

export interface AttemptHost {
  readonly clock: Clock;
  changed(): void;
}

export class Attempt {
  readonly #host: AttemptHost;
  readonly #bodies: MeetingBody[] = [];
  #view: LinkingView | undefined;
  #link: Link | undefined;
  #unfollow: () => void = () => {};
  #met = false;
  #answer: boolean | undefined;
  #failure: Code | undefined;
  #wake: () => void = () => {};

  constructor(host: AttemptHost) {
    this.#host = host;
  }

  get view(): LinkingView | undefined {
    return this.#view;
  }

  /** The person, or this device itself, has turned away: nothing may come of it any more. */
  get cancelled(): boolean {
    return this.#failure === 'LINK_CANCELLED';
  }

  show(view: LinkingView): void {
    this.#view = view;
    this.#host.changed();
  }

  /** The attempt lives on this link and ends with it. */
  follow(link: Link): void {
    this.#link = link;
    this.#unfollow = link.onceEnded(() => this.end('LINK_ENDED'));
  }

  /** The first reason counts. */
  end(code: Code): void {
    this.#failure ??= code;
    this.#wake();
  }

  /** While digits are shown. That they differ may be said late, and where no answer was asked for. */
  answerDigits(same: boolean): void {
    if (this.#view?.step !== 'comparing' || (same && this.#view.answered)) return;
    this.#answer = same;
    if (!same) this.end('LINK_DIGITS');
    this.show({ ...this.#view, answered: true });
    this.#wake();
  }

  push(frame: Extract<ServerFrame, { type: 'met' | 'passed' | 'parted' }>): void {
    if (frame.type === 'met') this.#met = true;
    else if (frame.type === 'parted') this.end('LINK_ENDED');
    else {
      const body = decodeMeetingBody(frame.body);
      if (!body.ok || this.#bodies.length >= MEETING_BODIES_MAX) this.end('LINK_ENDED');
      else this.#bodies.push(body.value);
    }
    this.#wake();
  }

  async send(body: Unversioned<MeetingBody>): Promise<Outcome<undefined>> {
    const answer = await this.#link?.request({ type: 'pass', body: encodeMeetingBody(body) });
    if (this.#failure === undefined && answer !== 'closed' && answer?.ok) return done(undefined);
    if (this.#differs()) return ended('LINK_DIGITS');
    const code = answer === undefined || answer === 'closed' || answer.ok ? undefined : answer.code;
    return ended(this.#failure ?? code ?? 'LINK_ENDED');
  }

  /**
   * Whatever it came to: the other side is told. What was on its way from there has arrived before
   * the node's answer, so that none of it is taken for a word of the next meeting.
   */
  async leave(): Promise<void> {
    this.#unfollow();
    if (this.#answer === false) await this.send({ step: 'differ' });
    await this.#link?.request({ type: 'part' }, MEETING_LEAVE_MS);
  }

  /** Somebody has come to this device's code. */
  metBy(untilMs: number): Promise<Outcome<true>> {
    return this.wait(untilMs, () => this.#met || undefined);
  }

  /** What the other device says next; anything but this step ends the attempt. */
  async hear<S extends MeetingStep>(untilMs: number, ...steps: S[]): Promise<Outcome<BodyOf<S>>> {
    const body = await this.wait(untilMs, () => this.#bodies.shift());
    if (!body.ok) return body;
    const { value } = body;
    if (value.step === 'differ') return ended('LINK_DIGITS');
    return isOneOf(value, steps) ? done(value) : ended('LINK_ENDED');
  }

  /** The person's answer. `differ` from the other side comes first where both are there. */
  async comparison(untilMs: number): Promise<Outcome<true>> {
    const answer = await this.wait(untilMs, () => (this.#differs() ? false : this.#answer));
    if (!answer.ok) return answer;
    return answer.value ? done(true) : ended('LINK_DIGITS');
  }

  #differs(): boolean {
    return this.#bodies.some(({ step }) => step === 'differ');
  }

  /** Waits until `pick` finds something, the attempt ends, or the time is over. */
  async wait<T>(untilMs: number, pick: () => T | undefined): Promise<Outcome<T>> {
    const { clock } = this.#host;
    for (;;) {
      // What the other side said last counts before the news that it has left.
      const picked = this.cancelled || this.#answer === false ? undefined : pick();
      if (picked !== undefined) return done(picked);
      if (this.#failure !== undefined) return ended(this.#failure);
      const leftMs = untilMs - clock.nowMs();
      if (leftMs <= 0) return ended('LINK_TIMEOUT');
      await new Promise<void>((resolve) => {
        const cancel = clock.after(leftMs, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
    }
  }
}

function isOneOf<S extends MeetingStep>(body: MeetingBody, steps: readonly S[]): body is BodyOf<S> {
  return steps.some((step) => step === body.step);
}
