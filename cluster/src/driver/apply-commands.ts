// Runs a page of committed entries through the state machines: loads the rows that the commands
// name, applies in order and each command of a session once, and gives back what to store. Pure but for
// loading: same log, same state.

import type { Operation } from '@rockpool/storage';
import type { Entry } from '../core/entry.ts';
import { CLUSTER, type Command, decodeCommand, SESSION } from '../format/command.ts';
import type { GroupSlots } from '../format/group-records.ts';
import { rowKey } from '../format/store-key.ts';
import type { MetaState } from '../meta/meta-state.ts';
import { encodeNodeOutcome } from '../meta/node-list.ts';
import { META, type StateMachine } from '../ports.ts';
import type { SessionTable } from '../sessions/session-table.ts';

export type Outcome =
  | { readonly kind: 'applied'; readonly reply: Uint8Array }
  | { readonly kind: 'wrongShard' }
  /** It changed nothing: an entry before it did, or its sender had given it up. */
  | { readonly kind: 'repeated' }
  /** It changed nothing: its session was evicted. */
  | { readonly kind: 'sessionUnknown' };

export interface AppliedEntry {
  readonly entry: Entry;
  /** undefined for a noop, or a command that cannot be read. */
  readonly command: Command | undefined;
  readonly outcome: Outcome;
  readonly events: readonly Uint8Array[];
}

export interface AppliedPage {
  readonly entries: readonly AppliedEntry[];
  readonly operations: readonly Operation[];
}

export interface ApplyPorts {
  readonly machine: StateMachine;
  readonly slots: GroupSlots;
  /** Only in the meta group. */
  readonly meta: MetaState | undefined;
  readonly sessions: SessionTable;
  readonly getMany: (keys: readonly Uint8Array[]) => Promise<(Uint8Array | undefined)[]>;
}

/** What the commands of a page read, as they find it. */
type Rows = Map<string, Uint8Array | undefined>;
/** Store keys that one command reads, by their names. */
type ReadSet = ReadonlyMap<string, Uint8Array>;

const READS_NOTHING: ReadSet = new Map();

const EMPTY = new Uint8Array(0);
const NOTHING: Outcome = { kind: 'applied', reply: EMPTY };

export async function applyCommands(
  entries: readonly Entry[],
  ports: ApplyPorts,
): Promise<AppliedPage> {
  const commands = entries.map((entry) =>
    entry.kind === 'command' ? decodeCommand(entry.command) : undefined,
  );
  const readSets = entries.map(({ group }, at) => readSetOf(group, commands[at], ports.machine));
  const rows = await loadRows(readSets, ports);
  const operations: Operation[] = [];
  const applied = entries.map((entry, at): AppliedEntry => {
    const command = commands[at];
    if (command === undefined) return { entry, command, outcome: NOTHING, events: [] };
    const refusal = refusalOf(entry, command, ports);
    if (refusal !== undefined) return { entry, command, outcome: refusal, events: [] };
    if (command.slot >= META) {
      const readSet = readSets[at] ?? READS_NOTHING;
      return applyToRows(entry, command, ports.machine, { readSet, rows, operations });
    }
    const change = command.slot === CLUSTER ? ports.meta?.apply(command.body) : undefined;
    if (change === undefined) return { entry, command, outcome: NOTHING, events: [] };
    operations.push(...change.operations);
    const reply = encodeNodeOutcome(change.outcome);
    return { entry, command, outcome: { kind: 'applied', reply }, events: [] };
  });
  operations.push(...ports.sessions.takeRows());
  return { entries: applied, operations };
}

/** Why a command changes nothing, apart from its session. */
function refusalOf(entry: Entry, command: Command, ports: ApplyPorts): Outcome | undefined {
  const { sessions, slots } = ports;
  if (command.slot === SESSION) {
    return sessions.open(command.body, entry.index) ? undefined : { kind: 'repeated' };
  }
  const admission = sessions.admit(command, entry.index);
  if (admission !== 'admitted') return { kind: admission };
  if (command.slot === CLUSTER || owns(entry.group, command.slot, slots)) return undefined;
  return { kind: 'wrongShard' };
}

function applyToRows(
  entry: Entry,
  command: Command,
  machine: StateMachine,
  page: { readonly readSet: ReadSet; readonly rows: Rows; readonly operations: Operation[] },
): AppliedEntry {
  const { readSet, rows, operations } = page;
  const { group, index, term, entryTimeMs, ruleVersion } = entry;
  const { slot, body } = command;
  const keyOf = (key: Uint8Array) => rowKey(group, placeOf(machine, slot, key), key);
  const applied = machine.apply(
    (key) => {
      const name = nameOf(keyOf(key));
      if (!readSet.has(name)) throw new Error('apply read a key that its command did not name');
      return rows.get(name);
    },
    body,
    { group, slot, index, term, entryTimeMs, ruleVersion },
  );
  for (const { key, value } of applied.writes) {
    const stored = keyOf(key);
    operations.push({ key: stored, payload: value });
    if (rows.size === 0) continue;
    const name = nameOf(stored);
    // For those after it in the page that read it.
    if (rows.has(name)) rows.set(name, value ?? undefined);
  }
  const outcome: Outcome = { kind: 'applied', reply: applied.reply };
  return { entry, command, outcome, events: applied.events };
}

function readSetOf(group: number, command: Command | undefined, machine: StateMachine): ReadSet {
  if (command === undefined || command.slot < META) return READS_NOTHING;
  const { slot, body } = command;
  const keys = machine.readSet(slot, body);
  if (keys.length === 0) return READS_NOTHING;
  const stored = keys.map((key) => rowKey(group, placeOf(machine, slot, key), key));
  return new Map(stored.map((key) => [nameOf(key), key]));
}

async function loadRows(readSets: readonly ReadSet[], { getMany }: ApplyPorts): Promise<Rows> {
  const reading = readSets.filter((readSet) => readSet.size > 0);
  if (reading.length === 0) return new Map();
  const keys = new Map(reading.flatMap((readSet) => [...readSet]));
  const values = await getMany([...keys.values()]);
  return new Map([...keys.keys()].map((name, at) => [name, values[at]]));
}

function owns(group: number, slot: number, slots: GroupSlots): boolean {
  if (slot === META) return group === 0;
  return slots.ranges.some((range) => slot >= range.first && slot <= range.last);
}

/** Rows of the group itself lie where those of the META slot do. */
function placeOf({ groupKeys = [] }: StateMachine, slot: number, key: Uint8Array): number {
  return groupKeys.some((known) => Buffer.compare(known, key) === 0) ? META : slot;
}

function nameOf(stored: Uint8Array): string {
  return Buffer.from(stored).toString('latin1');
}
