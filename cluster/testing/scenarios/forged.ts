// Messages and entries that a scenario makes up: what late, foreign or broken nodes would send.

import { NOBODY } from '../../src/core/configuration.ts';
import type { Entry, EntryContent } from '../../src/core/entry.ts';
import type { Message } from '../../src/core/messages.ts';
import { chainChecksum } from '../sim/chain-checksum.ts';
import type { Words } from './words.ts';

export const GROUP = 1;
/** Of made entries for which a scenario gives none: equal places are equal entries. */
export const MADE_COMMAND = 'x';

type Fields<K extends Message['kind']> = Omit<
  Extract<Message, { kind: K }>,
  'kind' | 'group' | 'from' | 'to' | 'term'
>;

/** What a forged message says where the scenario does not. */
const TEMPLATES: { readonly [K in Message['kind']]: Fields<K> } = {
  preVoteRequest: { lastIndex: 0, lastTerm: 0 },
  preVoteReply: { granted: true },
  voteRequest: { isTransfer: false, lastIndex: 0, lastTerm: 0 },
  voteReply: { granted: true },
  append: { previousIndex: 0, previousTerm: 0, commit: 0, entries: [] },
  appendAccepted: { matchIndex: 0 },
  appendRejected: { rejectedIndex: 0, hintIndex: 0, hintTerm: 0 },
  heartbeat: { commit: 0, round: 1 },
  heartbeatReply: { round: 1 },
  timeoutNow: {},
  readRequest: { boot: 1, read: 1 },
  readReply: { boot: 1, read: 1, confirmed: true, index: 0 },
  snapshot: { base: { index: 0, term: 0, checksum: 0, entryTimeMs: 0, configuration: NOBODY } },
};

export function madeEntry(
  place: { readonly index: number; readonly term: number },
  command: string,
  previousChecksum: number,
): Entry {
  const content: EntryContent = {
    group: GROUP,
    ...place,
    kind: 'command',
    ruleVersion: 1,
    entryTimeMs: 0,
    tableEpoch: 1,
    command: Buffer.from(command),
  };
  return { ...content, checksum: chainChecksum(previousChecksum, content) };
}

/** `append from=1 to=2 term=3 previous=1@1 entries=2@3:x,3@3:y`; fields by the names of the core. */
export function forgedMessage(
  words: Words,
  checksumAt: (node: string, index: number) => number,
): Message {
  const kind = words.word('the kind of message');
  const template = Object.entries(TEMPLATES).find(([name]) => name === kind)?.[1];
  if (template === undefined) throw words.refusal(`there is no message of the kind "${kind}"`);
  const from = words.option('from');
  const to = words.option('to');
  const term = words.numberOption('term');
  if (from === undefined || to === undefined || term === undefined) {
    throw words.refusal('from=, to= and term= are missing');
  }
  const fields: Record<string, unknown> = { ...template };
  for (const name of ['previous', 'last', 'hint']) {
    const place = words.placeOption(name);
    if (place === undefined) continue;
    if (!(`${name}Index` in fields)) throw words.refusal(`${kind} has no ${name}`);
    fields[`${name}Index`] = place.index;
    fields[`${name}Term`] = place.term;
  }
  for (const [name, value] of Object.entries(template)) {
    if (typeof value === 'boolean') fields[name] = words.flag(name) ?? fields[name];
    else if (typeof value === 'number') fields[name] = words.numberOption(name) ?? fields[name];
    else if (name === 'entries') {
      const previous = checksumAt(to, Number(fields['previousIndex']));
      fields[name] = entriesOption(words, previous);
    }
  }
  return { ...fields, kind, group: GROUP, from, to, term } as Message;
}

/** Chained to what the receiver holds, unless broken=yes. */
function entriesOption(words: Words, previousChecksum: number): readonly Entry[] {
  const isBroken = words.flag('broken') ?? false;
  let checksum = isBroken ? previousChecksum + 1 : previousChecksum;
  const texts = words.option('entries')?.split(',') ?? [];
  return texts.map((text) => {
    const at = text.indexOf(':');
    const place = words.placeOf(at === -1 ? text : text.slice(0, at));
    const entry = madeEntry(place, at === -1 ? MADE_COMMAND : text.slice(at + 1), checksum);
    checksum = entry.checksum;
    return entry;
  });
}
