// A command that every shard applies before any other, in a cluster that begins with an older state than its people may
// know: out of a backup, or out of what a minority had. It stands in the logs like any other, in a
// session of its own, so that a node that joins later comes to the same rows.

import { fromHex } from '../format/bytes.ts';
import { encodeCommand, openSession } from '../format/command.ts';
import type { GroupSlots, LogMark } from '../format/group-records.ts';
import type { UnplacedEntry } from '../format/log-entry.ts';

export interface OpeningCommand {
  /** The application's; it is addressed to the first slot of each shard. */
  readonly command: Uint8Array;
  readonly ruleVersion: number;
}

export interface OpenedGroup {
  readonly group: number;
  readonly slots: GroupSlots;
  /** The cluster's new id, which names the session. */
  readonly clusterId: string;
}

/** Entries right behind `last`, in its term; none in a group without slots. */
export function openingEntries(
  opening: OpeningCommand | undefined,
  { group, slots, clusterId }: OpenedGroup,
  last: LogMark,
): readonly UnplacedEntry[] {
  const [range] = slots.ranges;
  if (opening === undefined || range === undefined) return [];
  const session = last.index + 1;
  const body = opening.command;
  const commands = [
    openSession(fromHex(clusterId)),
    { slot: range.first, session, sequence: 0, oldest: 0, body },
  ];
  return commands.map((command) => ({
    group,
    term: last.term,
    kind: 'command',
    ruleVersion: opening.ruleVersion,
    entryTimeMs: last.entryTimeMs,
    tableEpoch: slots.epoch,
    command: encodeCommand(command),
  }));
}
