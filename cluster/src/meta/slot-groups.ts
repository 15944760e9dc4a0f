// Which group owns which slot.

import { META, SLOTS, type Slot, type SlotTable } from '../ports.ts';

const META_GROUP = 0;

export class SlotGroups {
  readonly #groups = new Uint32Array(SLOTS);

  constructor({ assignments }: SlotTable) {
    for (const { first, last, group } of assignments) this.#groups.fill(group, first, last + 1);
  }

  /** Throws where there is no such slot. */
  of(slot: Slot): number {
    if (slot === META) return META_GROUP;
    const group = this.#groups[slot];
    if (group === undefined) throw new RangeError(`no such slot: ${slot}`);
    return group;
  }
}
