// The entries that a leader makes: each goes on from the last one of its log.

import type { Configuration, Entry, EntryContent } from './entry.ts';
import type { RaftState } from './state.ts';
import type { Proposal } from './types.ts';

const NOTHING = { ruleVersion: 0, entryTimeMs: 0, tableEpoch: 0, command: new Uint8Array(0) };

export function noopEntry(state: RaftState): Entry {
  return afterLast(state, { kind: 'noop', ...NOTHING });
}

export function commandEntry(state: RaftState, proposal: Proposal): Entry {
  const { command, entryTimeMs, ruleVersion, tableEpoch } = proposal;
  return afterLast(state, { kind: 'command', ruleVersion, entryTimeMs, tableEpoch, command });
}

export function configurationEntry(state: RaftState, configuration: Configuration): Entry {
  return afterLast(state, { kind: 'configuration', ...NOTHING, configuration });
}

function afterLast(state: RaftState, what: Omit<EntryContent, 'group' | 'index' | 'term'>): Entry {
  const { log, config, term } = state;
  const { kind, ruleVersion, tableEpoch, command, configuration } = what;
  const { lastIndex } = log;
  const content = {
    group: config.group,
    index: lastIndex + 1,
    term,
    checksum: 0,
    kind,
    ruleVersion,
    entryTimeMs: Math.max(what.entryTimeMs, log.lastEntryTimeMs),
    tableEpoch,
    command,
  };
  const entry = configuration === undefined ? content : { ...content, configuration };
  entry.checksum = config.chainChecksum(log.checksumAt(lastIndex), entry);
  return entry;
}
