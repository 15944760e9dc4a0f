// Entries at the end of a stopped node's logs of which it knows no commit: as a leader leaves them that nobody followed any more.

import { encodeCommand, openSession } from '../src/format/command.ts';
import { chained, encodeLogEntries, type UnplacedEntry } from '../src/format/log-entry.ts';
import { entryKey } from '../src/format/store-key.ts';
import { openOnDisk } from '../src/node/open-on-disk.ts';
import { inspectNode } from '../src/node/recover-cluster.ts';
import { LogStore } from '../src/store/log-store.ts';
import type { GroupState } from '../src/store/verify-store.ts';

/** What is to follow in one group; `self` is the node. */
export type Tail = (group: number, state: GroupState, self: string) => readonly UnplacedEntry[];

export interface WrittenAlone {
  readonly slot: number;
  readonly body: Uint8Array;
  readonly ruleVersion: number;
}

/** In one row of the store with entries that are agreed on. Gives the newest indexes, by group. */
export async function appendUnconfirmed(dataDir: string, tail: Tail): Promise<readonly number[]> {
  const { groups } = await inspectNode(dataDir);
  const { database, last } = await openOnDisk({ dataDir });
  const store = await LogStore.open(database, { onPoison: () => {}, last });
  const indexes: number[] = [];
  for (const { group } of groups) {
    const state = await store.loadGroup(group);
    const { log, logRows } = state;
    const newest = log.entries.at(-1) ?? log.base;
    const entries = chained(newest, tail(group, state, store.identity.nodeId));
    indexes.push(newest.index + entries.length);
    if (entries.length === 0) continue;
    const first = Math.max(logRows.at(-1)?.first ?? 0, log.base.index + 1);
    const row = [...log.entries.slice(first - log.base.index - 1), ...entries];
    store.stage([{ key: entryKey(group, first), payload: encodeLogEntries(row) }], 'urgent');
  }
  await store.settle();
  await store.close();
  await last.close();
  return indexes;
}

/** The node's own submissions of a session that it opens before them. */
export function writeAlone(dataDir: string, written: readonly WrittenAlone[]): Promise<unknown> {
  return appendUnconfirmed(dataDir, (group, state) => {
    const own = written.filter(({ slot }) =>
      state.slots.ranges.some(({ first, last }) => slot >= first && slot <= last),
    );
    const session = (state.log.entries.at(-1) ?? state.log.base).index + 1;
    const entry = unplaced(group, state);
    const opening = { ...entry, command: encodeCommand(openSession(new Uint8Array(16).fill(7))) };
    const commands = own.map(({ slot, body, ruleVersion }, sequence) => {
      const command = encodeCommand({ slot, session, sequence, oldest: 0, body });
      return { ...entry, ruleVersion, command };
    });
    return own.length === 0 ? [] : [opening, ...commands];
  });
}

/** A command without bytes, of the time and term of the newest entry. */
export function unplaced(group: number, { hardState, log }: GroupState): UnplacedEntry {
  const newest = log.entries.at(-1) ?? log.base;
  return {
    group,
    term: Math.max(hardState?.term ?? 0, newest.term),
    kind: 'command',
    ruleVersion: 0,
    entryTimeMs: newest.entryTimeMs,
    tableEpoch: 0,
    command: new Uint8Array(0),
  };
}
