/*
 * Is the history of one key linearizable? Just-in-time linearization (G. Lowe, Testing for Linearizability, 2017):
 * the events are walked in the order of time with every state of affairs that could hold, and an operation is
 * given its place at the latest when it returns. States of affairs that are equal are looked at once, which
 * is the memo of Wing and Gong's search as Lowe improved it.
 */
import { isExplained, type Operation, type Value, valueAfter } from './operation.ts';

export type KeyVerdict =
  | { readonly verdict: 'linearizable' }
  /** The first operation whose answer nothing explains. */
  | { readonly verdict: 'violated'; readonly operation: Operation }
  /** More work than was allowed. */
  | { readonly verdict: 'undecided' };

interface Configuration {
  readonly value: Value;
  /** Operations that took effect and have not returned, by ascending number. */
  readonly effective: readonly number[];
}

type Configurations = Map<string, Configuration>;

const UNDECIDED: KeyVerdict = { verdict: 'undecided' };

/** `steps.left` counts down; at zero the answer is `undecided`. */
export function checkKey(history: readonly Operation[], steps: { left: number }): KeyVerdict {
  const operations = relevant(history);
  const pending = new Set<number>();
  let configurations = mapOf([{ value: undefined, effective: [] }]);
  for (const { at, returns } of eventsOf(operations)) {
    if (!returns) {
      pending.add(at);
      continue;
    }
    const explained = linearize(at, { operations, pending, configurations, steps });
    if (explained === undefined) return UNDECIDED;
    const operation = operations[at];
    if (explained.size === 0 && operation !== undefined) return { verdict: 'violated', operation };
    pending.delete(at);
    configurations = explained;
  }
  return { verdict: 'linearizable' };
}

/**
 * Without what no answer depends on. An operation whose answer is unknown may have had no effect; if nobody found
 * its value, whatever explains the history with its effect does so without, since each answer names the value
 * found. A swap that stays needs the value that it expects.
 */
function relevant(history: readonly Operation[]): readonly Operation[] {
  const needed = new Set(history.map(({ outcome }) => outcome?.found));
  const open = history.filter(({ outcome }) => outcome === undefined);
  for (let before = -1; before < needed.size; ) {
    before = needed.size;
    for (const { call } of open) {
      if (call.kind === 'swap' && needed.has(call.value)) needed.add(call.expected);
    }
  }
  return history.filter(
    ({ call, outcome }) =>
      outcome !== undefined || (call.kind !== 'read' && needed.has(call.value)),
  );
}

interface HistoryEvent {
  readonly at: number;
  readonly returns: boolean;
  readonly time: number;
}

function eventsOf(operations: readonly Operation[]): readonly HistoryEvent[] {
  const events = operations.flatMap(({ invokedAt, outcome }, at): HistoryEvent[] => [
    { at, returns: false, time: invokedAt },
    ...(outcome === undefined ? [] : [{ at, returns: true, time: outcome.returnedAt }]),
  ]);
  return events.sort((a, b) => a.time - b.time || Number(a.returns) - Number(b.returns));
}

interface Search {
  readonly operations: readonly Operation[];
  readonly pending: ReadonlySet<number>;
  readonly configurations: Configurations;
  readonly steps: { left: number };
}

/** All that can hold once the operation has returned; undefined when the steps ran out. */
function linearize(returning: number, search: Search): Configurations | undefined {
  const { operations, pending, configurations, steps } = search;
  const seen = new Map(configurations);
  const done: Configuration[] = [];
  // A map shows to its iteration what is added meanwhile.
  for (const { value, effective } of seen.values()) {
    if (effective.includes(returning)) {
      done.push({ value, effective: effective.filter((at) => at !== returning) });
      continue;
    }
    for (const at of pending) {
      if (steps.left === 0) return undefined;
      steps.left -= 1;
      const operation = operations[at];
      if (operation === undefined || effective.includes(at)) continue;
      const after = afterEffect(operation, value);
      if (after === NONE) continue;
      const next = { value: after, effective: [...effective, at].sort((a, b) => a - b) };
      seen.set(nameOf(next), next);
    }
  }
  return mapOf(done);
}

const NONE = Symbol('this cannot have taken effect here, or it does not matter');

function afterEffect(operation: Operation, value: Value): Value | typeof NONE {
  if (!isExplained(operation, value)) return NONE;
  const after = valueAfter(operation.call, value);
  // Without an answer, an effect that changes nothing is as good as none.
  return operation.outcome === undefined && after === value ? NONE : after;
}

function mapOf(configurations: readonly Configuration[]): Configurations {
  return new Map(configurations.map((each) => [nameOf(each), each]));
}

function nameOf({ value, effective }: Configuration): string {
  return JSON.stringify([value ?? null, ...effective]);
}
