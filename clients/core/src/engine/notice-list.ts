// Short messages to the person; each goes by itself after some seconds.

import { NOTICE_LIFE_MS, NOTICES_MAX } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { Notice } from '../view.ts';

export class NoticeList {
  notices: readonly Notice[] = [];
  readonly #clock: Clock;
  readonly #onChange: () => void;
  #next = 1;

  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  add(tone: Notice['tone'], text: string): void {
    const id = this.#next++;
    this.notices = [...this.notices, { id, tone, text }].slice(-NOTICES_MAX);
    this.#onChange();
    this.#clock.after(NOTICE_LIFE_MS, () => {
      this.notices = this.notices.filter((notice) => notice.id !== id);
      this.#onChange();
    });
  }
}
