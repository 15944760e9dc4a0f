// Why no frames go to a peer, as far as this end can tell.
import type { PeerRefusal } from '../format/peer-payload.ts';

export type PeerTrouble =
  | 'noAddress'
  | 'unknownName'
  | 'unreachable'
  | 'nobodyListens'
  | 'silent'
  /** The other end, or something on the way, closes what is opened. */
  | 'cut'
  | 'otherKey'
  /** It is reached, and does not come by itself. */
  | 'oneWay'
  /** It said why it does not take this node's frames. */
  | PeerRefusal;

/** By the codes of getaddrinfo(3), connect(2) and the resolver. */
const BY_CODE: Readonly<Record<string, PeerTrouble>> = {
  ENOTFOUND: 'unknownName',
  EAI_AGAIN: 'unknownName',
  ENODATA: 'unknownName',
  ESERVFAIL: 'unknownName',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ECONNREFUSED: 'nobodyListens',
  ETIMEDOUT: 'silent',
  ETIMEOUT: 'silent',
};

export function troubleOf({ code = '' }: NodeJS.ErrnoException): PeerTrouble {
  return BY_CODE[code] ?? 'cut';
}
