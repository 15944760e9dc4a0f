// The three levels of trouble with a pool's chains, from what is known about them.

import type { Alarm } from '../view.ts';

export interface ChainFacts {
  /** Two validly signed histories were seen, of the pool or of a member. */
  readonly forked: boolean;
  /** A peer says that it knows another history; it has not shown its links. */
  readonly differs: boolean;
  /** A peer knows a newer link than the servers show. */
  readonly behind: boolean;
  /** A member's devices could not be read or did not verify. */
  readonly unread: boolean;
}

export function alarmOf(facts: ChainFacts): Alarm | undefined {
  if (facts.forked) {
    return {
      level: 'stop',
      message:
        'Two different histories of this pool or of a member were shown. That is an attack, or servers that ' +
        'came back from an older state. Sending is paused; compare with another member before you ' +
        'go on, and ask whoever runs the servers.',
    };
  }
  if (facts.differs) {
    return {
      level: 'check',
      message:
        'The device of a member says that it was shown another history of this pool. ' +
        'Compare who is in the pool with that member.',
    };
  }
  if (facts.behind) {
    return {
      level: 'check',
      message: 'The servers are behind what other members have seen. This usually heals by itself.',
    };
  }
  if (facts.unread) {
    return {
      level: 'notice',
      message: 'The devices of a member could not be checked yet, so they are not connected.',
    };
  }
  return undefined;
}
