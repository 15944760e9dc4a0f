// Tries of a new device's code, on the user's shard: counted before the code is looked for, whatever
// node the user asks, so that nobody can guess codes, nor have digits compared over and over. A
// device that was added by another one ends the count (apply-user.ts).

import {
  accept,
  findDevice,
  isDeviceActive,
  MEETING_TRIES_MAX,
  MEETING_TRIES_WINDOW_MS,
} from '@rockpool/protocol';
import type { CommandOf } from './commands.ts';
import { encodeEvent } from './events.ts';
import { meetingTriesKey, userStateKey } from './keys.ts';
import { type Handler, refusedAs } from './outcome.ts';
import { type MeetingTriesRow, meetingTriesRow, userStateRow } from './rows.ts';

/** What counts of earlier tries at this time. */
export function triesAt(before: MeetingTriesRow | undefined, timeMs: number): MeetingTriesRow {
  const counts = before !== undefined && timeMs < before.since + MEETING_TRIES_WINDOW_MS;
  return counts ? before : { since: timeMs, count: 0 };
}

export const tryMeeting: Handler<CommandOf<'tryMeeting'>> = {
  place: ({ user }) => accept(user[0]),
  reads: ({ user: [, id] }) => [userStateKey(id), meetingTriesKey(id)],
  apply(rows, { user, device }, { entryTimeMs }) {
    const [, id] = user;
    const state = rows(userStateKey(id));
    const entry = state && findDevice(userStateRow.decode(state), device);
    if (entry === undefined || !isDeviceActive(entry, entryTimeMs)) {
      return refusedAs('AUTH_DEVICE_UNKNOWN', 'no device of this user');
    }
    if (entry.capability !== 'full') return refusedAs('CHAIN_AUTHORITY', 'a temporary device');
    const row = rows(meetingTriesKey(id));
    const tries = triesAt(row && meetingTriesRow.decode(row), entryTimeMs);
    if (tries.count >= MEETING_TRIES_MAX) return refusedAs('LINK_TRIES', 'too many codes');
    const value = meetingTriesRow.encode({ since: tries.since, count: tries.count + 1 });
    return {
      reply: { ok: true },
      writes: [{ key: meetingTriesKey(id), value }],
      events: [encodeEvent({ event: 'userMeets', user, device })],
    };
  },
};
