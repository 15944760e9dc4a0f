/*
 * What a client is told of the operator's TURN servers. Credentials are made by the convention that TURN servers
 * share (draft-uberti-behave-turn-rest-00): the username is when it ends and a label, the password its HMAC under a
 * secret that the node has in common with them. The secret stays here; the label is random, so that a TURN server
 * learns nobody's name.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { OperatorFailure } from '../operator-errors.ts';

export interface TurnConfig {
  /** `turn:` and `turns:` URLs; none: no relay. */
  readonly urls: readonly string[];
  /** How clients are let in: by a secret shared with the servers, or by one password for all. */
  readonly access:
    | { readonly kind: 'secret'; readonly file: string }
    | { readonly kind: 'password'; readonly username: string; readonly file: string }
    | undefined;
}

export interface RelayAccess {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
  /** When it ends, by this node's clock; never when left out. */
  readonly expiry?: number;
}

/** How long credentials last. Clients ask again long before. */
const RELAY_ACCESS_LIFE_MS = 12 * 60 * 60 * 1000;
const LABEL_BYTES = 8;
const SECRET_CHARACTERS_MAX = 200;
const NO_RELAY: RelayAccess = { urls: [], username: '', credential: '' };

/** Reads the secret once. Throws an OperatorFailure when that cannot be. */
export function openRelayAccess(turn: TurnConfig, nowMs: () => number): () => RelayAccess {
  const { urls, access } = turn;
  if (access === undefined) return () => NO_RELAY;
  const secret = readSecret(access.file);
  if (access.kind === 'password') {
    const { username } = access;
    return () => ({ urls, username, credential: secret });
  }
  return () => {
    const expirySeconds = Math.floor((nowMs() + RELAY_ACCESS_LIFE_MS) / 1000);
    const username = `${expirySeconds}:${randomBytes(LABEL_BYTES).toString('hex')}`;
    const credential = createHmac('sha1', secret).update(username).digest('base64');
    return { urls, username, credential, expiry: expirySeconds * 1000 };
  };
}

function readSecret(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new OperatorFailure('TURN_SECRET_FILE', `${path} cannot be read.`, { cause });
  }
  if (text === '') throw new OperatorFailure('TURN_SECRET_FILE', `${path} is empty.`);
  if (text.length > SECRET_CHARACTERS_MAX || /[\s\p{Cc}]/u.test(text)) {
    const rule = `one word of at most ${SECRET_CHARACTERS_MAX} characters`;
    throw new OperatorFailure('TURN_SECRET_FILE', `${path} must hold ${rule}.`);
  }
  return text;
}
