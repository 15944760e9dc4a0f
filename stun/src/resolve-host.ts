/* From a host name or an address, as it stands in a URL, to an address. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Undefined when there is none, or none of the family that is wanted. */
export async function resolveHost(
  host: string,
  family: 0 | 4 | 6 = 0,
): Promise<{ address: string; family: number } | undefined> {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const known = isIP(bare);
  if (known !== 0) return { address: bare, family: known };
  return lookup(bare, { family }).catch(() => undefined);
}
