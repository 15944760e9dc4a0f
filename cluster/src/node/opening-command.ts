// A command that every shard applies before any other, in a cluster that begins with an older state than its people may
// know: out of a backup, or out of what a minority had. It stands in the logs like any other, in a
// session of its own, so that a node that joins later comes to the same rows.

import type { Operation } from '@rockpool/storage';
import type { EntryContent } from '../core/entry.ts';
import { fromHex } from '../format/bytes.ts';
import { encodeCommand, openSession } from '../format/command.ts';
import type { GroupSlots, LogMark } from '../format/group-records.ts';
import { chainChecksum, encodeLogEntries } from '../format/log-entry.ts';
import { entryKey } from '../format/store-key.ts';

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

/** The entries that follow `last`, and the index of the newest one; none in a group without slots. */
export function openingEntries(
  opening: OpeningCommand | undefined,
  { group, slots, clusterId }: OpenedGroup,
  last: LogMark,
): { readonly operations: readonly Operation[]; readonly lastIndex: number } {
  const [range] = slots.ranges;
  if (opening === undefined || range === undefined) {
    return { operations: [], lastIndex: last.index };
  }
  const session = last.index + 1;
  const body = opening.command;
  const commands = [
    openSession(fromHex(clusterId)),
    { slot: range.first, session, sequence: 0, oldest: 0, body },
  ];
  let checksum = last.checksum;
  const operations = commands.map((command, at): Operation => {
    const content: EntryContent = {
      group,
      index: session + at,
      term: last.term,
      kind: 'command',
      ruleVersion: opening.ruleVersion,
      entryTimeMs: last.entryTimeMs,
      tableEpoch: slots.epoch,
      command: encodeCommand(command),
    };
    checksum = chainChecksum(checksum, content);
    return {
      key: entryKey(group, content.index),
      payload: encodeLogEntries([{ ...content, checksum }]),
    };
  });
  return { operations, lastIndex: session + 1 };
}
