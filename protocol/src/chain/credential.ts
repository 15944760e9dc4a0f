// A passkey's record in a chain. Readers judge every later assertion by it alone, so it is held to
// the one canonical form when it enters.

import { CREDENTIAL_ORIGINS_MAX } from '../limits.ts';
import { parseCoseKey } from './cose.ts';
import type { Credential } from './statements.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST = `${LABEL}(?:\\.${LABEL})*`;
const RP_ID = new RegExp(`^${HOST}$`);
const ORIGIN = new RegExp(`^(https?)://(${HOST})(?::([1-9][0-9]{0,4}))?$`);
const PORT_MAX = 65_535;

/** An origin as browsers serialise it, on which WebAuthn works: https, or http on localhost. */
export function isPasskeyOrigin(origin: string): boolean {
  const [, scheme, host, port] = ORIGIN.exec(origin) ?? [];
  if (scheme === undefined || host === undefined) return false;
  if (scheme === 'http' && host !== 'localhost' && !host.endsWith('.localhost')) return false;
  const portIsDefault = port === (scheme === 'https' ? '443' : '80');
  return !portIsDefault && Number(port ?? 0) <= PORT_MAX;
}

/** Undefined if the record may enter a chain, else what is wrong with it. */
export function wrongCredential(credential: Credential): string | undefined {
  const { origins, rpId } = credential;
  if (!RP_ID.test(rpId)) return 'rpId is not a domain';
  if (origins.length > CREDENTIAL_ORIGINS_MAX || !origins.every(isPasskeyOrigin)) {
    return 'an origin is not one that passkeys work on';
  }
  const ascending = origins.every((origin, i) => i === 0 || (origins[i - 1] ?? '') < origin);
  if (!ascending) return 'origins are not sorted, or repeat';
  const key = parseCoseKey(credential.key);
  return key.ok ? undefined : key.detail;
}
