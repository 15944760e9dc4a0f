// Who is who in a pool: names and colours that people gave themselves in records, or those that
// follow from their ids. The same object for the same person until something changes.

import { friendlyName, fromHex } from '@rockpool/protocol';
import { compareKeys, type TimelineKey } from '../messages/timeline.ts';
import type { PersonView } from '../view.ts';

export interface NameTag {
  readonly name: string;
  readonly hue: number;
}

export class People {
  readonly #tags = new Map<string, { readonly key: TimelineKey; readonly tag: NameTag }>();
  readonly #views = new Map<string, PersonView>();

  person(userId: string): PersonView {
    const held = this.#views.get(userId);
    if (held !== undefined) return held;
    const tag = this.#tags.get(userId)?.tag ?? friendlyName(fromHex(userId) ?? new Uint8Array(0));
    const view = { userId, name: tag.name, hue: tag.hue };
    this.#views.set(userId, view);
    return view;
  }

  tag(userId: string): NameTag | undefined {
    return this.#tags.get(userId)?.tag;
  }

  /** The newest word of a person about themselves counts. False when it was not the newest. */
  tell(userId: string, key: TimelineKey, tag: NameTag): boolean {
    const before = this.#tags.get(userId);
    if (before !== undefined && compareKeys(before.key, key) >= 0) return false;
    this.#tags.set(userId, { key, tag });
    this.#views.delete(userId);
    return true;
  }
}
