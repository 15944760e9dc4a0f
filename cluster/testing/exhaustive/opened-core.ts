// The real core as a value: with its private fields renamed to public ones as it is loaded, and nothing else
// changed but one choice (below), its objects can be copied and compared as wholes. What a copy misses, no test would notice; this one
// cannot miss a field that somebody adds later.

import { assert } from '../../src/core/assert.ts';
import type { NodeId } from '../../src/core/entry.ts';
import type { createRaft } from '../../src/core/raft.ts';
import type { Raft } from '../../src/core/types.ts';
import { type Edit, variantUrl } from '../variants/load-variant.ts';

/** Of two that campaign for one term, one has the name that leaves it to the other: which, a check chooses. */
const BY_NAME = 'from > state.config.self';
const BY_CHOICE = 'state.yields';

/** Loads the core open, after `edit` has put a mistake into it, if any. */
export async function openCore(name: string, edit: Edit): Promise<typeof createRaft> {
  const open: Edit = (file, source) => {
    const edited = edit(file, source);
    if (!file.startsWith('src/core/')) return edited;
    assert((file === 'src/core/voting.ts') === edited.includes(BY_NAME), 'names are compared once');
    return edited.replace(/#([a-z]\w*)/gi, '$$$1').replace(BY_NAME, BY_CHOICE);
  };
  const url = variantUrl(`open-${name}`, open, 'src/core/raft.ts');
  const core: { createRaft: typeof createRaft } = await import(url);
  return core.createRaft;
}

/** What a check of all orders sets by hand: time and names are choices there. */
interface Choices {
  readonly $state: {
    yields: boolean;
    nowTick: number;
    electionElapsed: number;
    electionTimeoutTicks: number;
    readonly $timeouts: { $state: number };
    readonly durability: {
      $batches: number;
      readonly $inFlight: readonly { handedAtTick: number; batch: number }[];
    };
    readonly role: { heartbeatElapsed?: number; quietTicks?: number };
  };
}

export function choicesOf(raft: Raft): Choices['$state'] {
  return (raft as unknown as Choices).$state;
}

/** Given once and never changed: shared between copies, and no part of what is compared. */
const CONSTANT: ReadonlySet<string> = new Set(['config', 'rules', '$rules', '$limits']);

/** A structural copy; bytes are shared, since nobody writes into them. */
export function copyOf<T>(value: T): T {
  return copyAny(value) as T;
}

function copyAny(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(copyAny);
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, each]) => [key, copyAny(each)]));
  }
  const copy: Record<string, unknown> = Object.create(Object.getPrototypeOf(value));
  for (const [key, each] of Object.entries(value)) {
    copy[key] = CONSTANT.has(key) ? each : copyAny(each);
  }
  return copy;
}

/** Everything that decides what it does next, as text, with the nodes named anew. */
export function describe(value: unknown, names: ReadonlyMap<NodeId, NodeId>): string {
  if (typeof value === 'string') return names.get(value) ?? value;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) {
    const texts = value.map((each) => describe(each, names));
    // A list of names is a set of nodes: no order is any better than another.
    const isSet = value.every((each) => typeof each === 'string');
    return `[${(isSet ? texts.sort() : texts).join()}]`;
  }
  // The order in which a map was filled decides nothing in the core.
  const isMap = value instanceof Map;
  const fields = isMap ? Array.from(value) : Object.entries(value);
  const texts = fields
    .filter(([key]) => !CONSTANT.has(key))
    .map(([key, each]) => `${describe(key, names)}:${describe(each, names)}`);
  return `{${(isMap ? texts.sort() : texts).join()}}`;
}
