// Why a device that is online cannot be reached, as far as this side can tell, and what would help: plain words
// for people. A relay by a third member is not there; until it is, these pairs of networks do not connect.

import type { SeenCandidates } from './seen-candidates.ts';

export type PathTroubleCode =
  | 'ownBlocked'
  | 'otherBlocked'
  | 'noAnswer'
  | 'strictRouters'
  | 'noPath'
  | 'noRelay'
  | 'relaySilent';

export interface PathTrouble {
  readonly code: PathTroubleCode;
  readonly reason: string;
  readonly help: string;
}

const ANOTHER_NETWORK =
  'It works when one of the two is on another network, such as a phone’s hotspot, or both are on the same one.';

const TROUBLES: Readonly<Record<PathTroubleCode, Omit<PathTrouble, 'code'>>> = {
  ownBlocked: {
    reason: 'Your network lets no direct connections out.',
    help: 'Use another network, such as a phone’s hotspot, or have its firewall let UDP out.',
  },
  otherBlocked: {
    reason: 'The other device’s network lets no direct connections out.',
    help: 'The other device has to use another network, such as a phone’s hotspot.',
  },
  noAnswer: {
    reason: 'The other device does not answer.',
    help: 'It may be asleep or just leaving. It is tried again by itself.',
  },
  strictRouters: {
    reason: 'The routers of your two networks do not let the devices find each other.',
    help: ANOTHER_NETWORK,
  },
  noPath: { reason: 'No direct way between your two networks was found.', help: ANOTHER_NETWORK },
  noRelay: {
    reason: 'Your own device hides its address, and your server has no relay for it.',
    help: 'Ask whoever runs the server for a relay (TURN), or stop hiding the address.',
  },
  relaySilent: {
    reason: 'Your own device hides its address, and your server’s relay does not answer.',
    help: 'It is tried again by itself. Tell whoever runs the server, or stop hiding the address.',
  },
};

/** What one attempt saw. */
export interface FailedAttempt {
  readonly own: SeenCandidates;
  readonly other: SeenCandidates;
  /** The other side has described itself. */
  readonly answered: boolean;
  /** This side hides its address. */
  readonly relayOnly: boolean;
}

export function explainTrouble(attempt: FailedAttempt): PathTrouble {
  return trouble(codeOf(attempt));
}

export function trouble(code: PathTroubleCode): PathTrouble {
  return { code, ...TROUBLES[code] };
}

function codeOf({ own, other, answered, relayOnly }: FailedAttempt): PathTroubleCode {
  if (!own.isSeenOutside) return relayOnly ? 'relaySilent' : 'ownBlocked';
  if (!answered) return 'noAnswer';
  if (!other.isSeenOutside) return 'otherBlocked';
  const changing = [own, other].some((side) => side.mapping(0) === 'changing');
  return changing ? 'strictRouters' : 'noPath';
}
