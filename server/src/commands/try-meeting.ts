// A try of a new device's code, counted in the log. A device may go on trying for as long as it likes;
// so that this fills no log, the node refuses at its door what apply would refuse as well.

import {
  type DeviceEntry,
  MEETING_TRIES_MAX,
  type Ref,
  type Result,
  refuse,
} from '@rockpool/protocol';
import { triesAt } from '../directory/apply-meeting.ts';
import { withCluster } from './cluster-refusal.ts';
import { type Appended, type CommandContext, submitCommand } from './command-context.ts';

export interface MeetingTry {
  readonly user: Ref;
  /** The device that the socket has shown. */
  readonly entry: DeviceEntry;
}

/** Apply trusts none of this and judges again. */
export function tryMeeting(
  context: CommandContext,
  { user, entry }: MeetingTry,
): Promise<Result<Appended>> {
  return withCluster(async () => {
    if (entry.capability !== 'full') return refuse('CHAIN_AUTHORITY', 'a temporary device');
    const tries = triesAt(await context.view.meetingTries(user), context.nowMs());
    if (tries.count >= MEETING_TRIES_MAX) return refuse('LINK_TRIES', 'too many codes');
    return submitCommand(context, user[0], { kind: 'tryMeeting', user, device: entry.id });
  });
}
