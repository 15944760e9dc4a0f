// Messages of the past that may come once more. Kept by kind, so that rare ones come back as often as common
// ones; and of each kind some of a moment ago and some of long ago, which outlive the process that sent them.

import type { NodeId } from '../../src/core/entry.ts';
import type { SimMessage } from './process.ts';
import type { Random } from './random.ts';

const KEPT_MAX = 60;
/** Of so many messages one takes the place of an old one. */
const OLD_EVERY = 40;

interface Kept {
  readonly recent: SimMessage[];
  readonly old: SimMessage[];
}

export class PastMessages {
  readonly #random: Random;
  readonly #byKind = new Map<SimMessage['kind'], Kept>();

  constructor(random: Random) {
    this.#random = random;
  }

  remember(message: SimMessage): void {
    let kept = this.#byKind.get(message.kind);
    if (kept === undefined) {
      kept = { recent: [], old: [] };
      this.#byKind.set(message.kind, kept);
    }
    this.#keep(kept.recent, message);
    if (this.#random.chance(1 / OLD_EVERY)) this.#keep(kept.old, message);
  }

  /** After one was remembered. */
  pick(): SimMessage {
    const { recent, old } = this.#random.pick([...this.#byKind.values()]);
    return this.#random.pick(old.length > 0 && this.#random.chance(0.5) ? old : recent);
  }

  /** One that this node was sent, perhaps in a life before. */
  pickFor(node: NodeId): SimMessage | undefined {
    const byKind = [...this.#byKind.values()].flatMap(({ recent, old }) => {
      const own = [...recent, ...old].filter(({ to }) => to === node);
      return own.length === 0 ? [] : [own];
    });
    return byKind.length === 0 ? undefined : this.#random.pick(this.#random.pick(byKind));
  }

  #keep(kept: SimMessage[], message: SimMessage): void {
    if (kept.length < KEPT_MAX) kept.push(message);
    else kept[this.#random.between(0, KEPT_MAX - 1)] = message;
  }
}
