// The log of a group that goes on from one disk of several. Up to the commit index that this disk knows it was agreed on, and
// stands. What follows may have been acknowledged, or be a deposed leader's, which the majority replaced by something else. Nothing of it is
// dropped; but the opening command comes before it, and the application says how to put such commands.

import type { Operation } from '@rockpool/storage';
import type { Entry } from '../core/entry.ts';
import { LogOperations } from '../driver/log-operations.ts';
import { decodeCommand, encodeCommand } from '../format/command.ts';
import { chained, type UnplacedEntry } from '../format/log-entry.ts';
import { META } from '../ports.ts';
import type { GroupState } from '../store/verify-store.ts';
import { type OpeningCommand, openingEntries } from './opening-command.ts';

/** A command that may never have been agreed on. */
export interface UnconfirmedCommand {
  readonly body: Uint8Array;
  readonly entryTimeMs: number;
}

export interface RecoveryOpening extends OpeningCommand {
  /** What each shard applies in the place of such commands after the opening one: as many, in their order. */
  readonly reconsider: (commands: readonly UnconfirmedCommand[]) => readonly Uint8Array[];
}

export interface Recovery {
  readonly group: number;
  /** The node that is left. */
  readonly self: string;
  readonly clusterId: string;
  readonly opening: RecoveryOpening | undefined;
}

/** Up to here the node knows that a majority had it. */
export function agreedIndex({ hardState, applied }: GroupState): number {
  return Math.max(hardState?.commit ?? 0, applied.index);
}

/** At its end comes an entry that makes this node the only voter, by whose vote all before it is committed. */
export function recoveredLog(
  state: GroupState,
  { group, self, clusterId, opening }: Recovery,
): readonly Operation[] {
  const { hardState, log, logRows, slots } = state;
  const agreed = agreedIndex(state);
  const count = agreed - log.base.index;
  const before = log.entries[count - 1] ?? log.base;
  const tail = log.entries.slice(count);
  const last = tail.at(-1) ?? before;
  const term = Math.max(hardState?.term ?? 0, last.term) + 1;
  const sole: UnplacedEntry = {
    group,
    term,
    kind: 'configuration',
    ruleVersion: 0,
    entryTimeMs: last.entryTimeMs,
    tableEpoch: 0,
    command: new Uint8Array(0),
    configuration: { voters: [self], outgoing: [], learners: [] },
  };
  const place = { ...before, term: tail[0]?.term ?? term };
  const opened = openingEntries(opening, { group, slots, clusterId }, place);
  const shift = opened.length;
  const moved = opening && shift > 0 ? reconsidered(tail, { agreed, shift, opening }) : tail;
  const entries = chained(before, [...opened, ...moved, sole]);
  const commit = agreed + entries.length;
  const rows = new LogOperations(group, logRows, {
    status: () => ({ firstIndex: log.base.index + 1 }),
    entries: (from, to) => log.entries.slice(from - log.base.index - 1, to - log.base.index),
  });
  return rows.of({
    snapshot: undefined,
    compactTo: undefined,
    truncateFrom: agreed + 1,
    entries,
    hardState: { term, vote: self, commit },
  });
}

interface Moved {
  readonly agreed: number;
  readonly shift: number;
  readonly opening: RecoveryOpening;
}

/** Sessions that were opened in the tail are named by indexes, which are other ones now. */
function reconsidered(
  tail: readonly Entry[],
  { agreed, shift, opening }: Moved,
): readonly UnplacedEntry[] {
  const read = tail.map((entry) => {
    const command = entry.kind === 'command' ? decodeCommand(entry.command) : undefined;
    return { entry, command, isApplications: command !== undefined && command.slot >= META };
  });
  const asked = read.flatMap(({ entry: { entryTimeMs }, command, isApplications }) =>
    command !== undefined && isApplications ? [{ body: command.body, entryTimeMs }] : [],
  );
  const bodies = opening.reconsider(asked).values();
  return read.map(({ entry, command, isApplications }) => {
    if (command === undefined) return entry;
    const session = command.session > agreed ? command.session + shift : command.session;
    const body = isApplications ? (bodies.next().value ?? missing()) : command.body;
    const ruleVersion = body === command.body ? entry.ruleVersion : opening.ruleVersion;
    return { ...entry, ruleVersion, command: encodeCommand({ ...command, session, body }) };
  });
}

function missing(): never {
  throw new Error('each command is put in some way');
}
