// New devices that wait under a code, and who meets whom, for the fake cluster.

import { type Bytes, type ServerFrame, toHex } from '@rockpool/protocol';

interface MeetingEnd {
  readonly user: readonly [number, Bytes] | undefined;
  push(frame: ServerFrame): void;
}

const TRIES_MAX = 5;

export class FakeMeetings {
  readonly #waiting = new Map<string, MeetingEnd>();
  readonly #others = new Map<MeetingEnd, MeetingEnd>();
  readonly #tries = new Map<string, number>();
  #codes = 0;

  open(end: MeetingEnd): string {
    const code = `1${(++this.#codes).toString().padStart(7, '0')}`;
    this.#waiting.set(code, end);
    return code;
  }

  meet(end: MeetingEnd, code: string): 'met' | 'LINK_TRIES' | 'LINK_UNKNOWN' {
    const user = end.user === undefined ? '' : toHex(end.user[1]);
    const tries = (this.#tries.get(user) ?? 0) + 1;
    if (tries > TRIES_MAX) return 'LINK_TRIES';
    this.#tries.set(user, tries);
    const other = this.#waiting.get(code);
    if (other === undefined) return 'LINK_UNKNOWN';
    this.#waiting.delete(code);
    this.#others.set(end, other);
    this.#others.set(other, end);
    other.push({ type: 'met' });
    return 'met';
  }

  pass(end: MeetingEnd, body: Bytes): boolean {
    const other = this.#others.get(end);
    other?.push({ type: 'passed', body });
    return other !== undefined;
  }

  leave(end: MeetingEnd): void {
    for (const [code, waiting] of this.#waiting) if (waiting === end) this.#waiting.delete(code);
    const other = this.#others.get(end);
    if (other === undefined) return;
    this.#others.delete(end);
    this.#others.delete(other);
    other.push({ type: 'parted' });
  }
}
