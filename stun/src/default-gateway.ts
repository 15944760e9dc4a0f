/* The IPv4 address of this machine's default gateway: in a container, that of the bridge it hangs on. */
import { readFileSync } from 'node:fs';

const ROUTES = '/proc/net/route';
/** RTF_GATEWAY of linux/route.h. */
const GATEWAY_FLAG = 2;

/** Undefined where the system does not say, or there is none. */
export function readDefaultGateway(): Uint8Array | undefined {
  try {
    return parseDefaultGateway(readFileSync(ROUTES, 'utf8'));
  } catch {
    return undefined; // not Linux
  }
}

/** Reads the kernel's table: interface, destination, gateway, flags, ... with addresses as little-endian hex. */
export function parseDefaultGateway(table: string): Uint8Array | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [, destination, gateway = '', flags = ''] = line.split('\t');
    if (destination !== '00000000' || !/^[0-9A-F]{8}$/.test(gateway)) continue;
    if ((Number.parseInt(flags, 16) & GATEWAY_FLAG) === 0) continue;
    return Uint8Array.from(Buffer.from(gateway, 'hex').reverse());
  }
  return undefined;
}
