// What the bare relays ask of a client: a token that belongs to its id, as a web application would hand it out.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Server and load of a bench on loopback share it; it guards nothing. */
const SECRET = 'bench';

export function relayToken(id: string): string {
  return createHmac('sha256', SECRET).update(id).digest('base64url');
}

export function tokenFits(id: string, token: string): boolean {
  const right = Buffer.from(relayToken(id));
  const shown = Buffer.from(token);
  return right.length === shown.length && timingSafeEqual(right, shown);
}
