// How a trace writes down what the core puts out. Messages and events are written field by field, so that
// a new kind shows up by itself. `3@2` is the place in a log with index 3 and term 2; `t2` is a term.

import type { Configuration, Entry, LogBase } from '../../src/core/entry.ts';
import type { Message } from '../../src/core/messages.ts';
import type { PersistBatch, RaftEvent, RaftStatus } from '../../src/core/types.ts';

const COMMAND_SHOWN_MAX = 12;
const HIDDEN_FIELDS: ReadonlySet<string> = new Set(['kind', 'group', 'from', 'to', 'term']);

function entryText(entry: Entry): string {
  const place = `${entry.index}@${entry.term}`;
  if (entry.kind === 'noop') return `${place} noop`;
  if (entry.configuration !== undefined)
    return `${place} ${configurationText(entry.configuration)}`;
  const command = Buffer.from(entry.command).toString();
  const isLong = command.length > COMMAND_SHOWN_MAX;
  return `${place} ${isLong ? `${command.slice(0, 1)}.. (${command.length} bytes)` : command}`;
}

/** `voters 1,2,4 outgoing 1,2,3 learners 5` */
function configurationText(configuration: Configuration): string {
  const { voters, outgoing, learners } = configuration;
  const lists = Object.entries({ voters, outgoing, learners }).filter(([, ids]) => ids.length > 0);
  return lists.map(([name, ids]) => `${name} ${ids.join()}`).join(' ') || 'voters unknown';
}

export function entriesText(entries: readonly Entry[]): string {
  return entries.map(entryText).join(', ');
}

export function messageText(message: Message): string {
  return [message.kind, `t${message.term}`, ...fieldTexts(message)].join(' ');
}

export function eventText(event: RaftEvent): string {
  switch (event.kind) {
    case 'roleChanged':
      return `becomes ${event.to} in t${event.term} (${event.reason})`;
    case 'leaderChanged':
      return event.leader === undefined
        ? `knows no leader in t${event.term}`
        : `knows leader ${event.leader} in t${event.term}`;
    case 'messageRefused':
      return `refuses ${event.message} from ${event.from} (${event.reason})`;
    default:
      return [event.kind, ...fieldTexts(event)].join(' ');
  }
}

export function batchText(batch: PersistBatch): string {
  const { hardState, snapshot, compactTo, truncateFrom, entries } = batch;
  const parts = [
    snapshot && `snapshot ${baseText(snapshot)}`,
    compactTo && `compacts to ${baseText(compactTo)}`,
    truncateFrom !== undefined && `cuts off from ${truncateFrom}`,
    entries.length > 0 && entriesText(entries),
    hardState && `t${hardState.term} vote ${hardState.vote ?? '-'} commit ${hardState.commit}`,
  ];
  return `writes #${batch.batch}: ${parts.filter((part) => typeof part === 'string').join('; ')}`;
}

/** One line for the node, and on a leader one for each follower. */
export function statusText(status: RaftStatus): readonly string[] {
  const { role, term, vote, leader, commit, applied, firstIndex, lastIndex } = status;
  const log = lastIndex < firstIndex ? `empty after ${lastIndex}` : `${firstIndex}..${lastIndex}`;
  const isFirst = status.configurationIndex === 0 && status.configuration.voters.length > 0;
  const pending = status.configurationIndex > commit ? ' (not committed)' : '';
  const own = [
    `${role} t${term} vote ${vote ?? '-'} leader ${leader ?? '-'}`,
    `commit ${commit} applied ${applied} log ${log} durable ${status.durableIndex}`,
    ...(isFirst ? [] : [configurationText(status.configuration) + pending]),
    ...(status.uncommittedBytes > 0 ? [`uncommitted ${status.uncommittedBytes} bytes`] : []),
    ...(status.transferTo === undefined ? [] : [`hands over to ${status.transferTo}`]),
  ];
  const followers = status.followers.map((follower) => {
    const { node, matchIndex, nextIndex, state, inflightAppends, isLive } = follower;
    const live = isLive ? 'live' : 'silent';
    return `  follower ${node}: ${state} match ${matchIndex} next ${nextIndex} inflight ${inflightAppends} ${live}`;
  });
  return [own.join(', '), ...followers];
}

export function baseText({ index, term }: LogBase): string {
  return `${index}@${term}`;
}

/** `previousIndex: 3, previousTerm: 2` is written `previous 3@2`. */
function fieldTexts(object: object): string[] {
  const fields = new Map<string, unknown>(Object.entries(object));
  return [...fields].flatMap(([name, value]): string[] => {
    if (HIDDEN_FIELDS.has(name)) return [];
    const stem = name.replace(/(Index|Term)$/, '');
    if (stem !== name && fields.has(`${stem}Index`) && fields.has(`${stem}Term`)) {
      if (name.endsWith('Term')) return [];
      return [`${stem} ${value}@${fields.get(`${stem}Term`)}`];
    }
    if (typeof value === 'boolean') return [value ? name : `not ${name}`];
    if (name === 'entries') return [`[${entriesText(value as readonly Entry[])}]`];
    if (name === 'base') return [baseText(value as LogBase)];
    return [`${name} ${value}`];
  });
}
