/* sockaddr_in and sockaddr_in6 as bytes: family, port, address. */
import type { SourceAddress } from '../codec/binding-answer.ts';
import { formatIpAddress, parseIpAddress } from '../codec/ip-address.ts';
import { readU16, writeU16 } from '../codec/message.ts';
import { AF_INET, AF_INET6 } from './libc.ts';

export const SOCKET_ADDRESS_BYTES = 28;
const SOCKET_ADDRESS_IPV4_BYTES = 16;
const PORT_AT = 2;
export const IPV4_AT = 4;
export const IPV6_AT = 8;

/** Writes the address and returns how many bytes count; 0 for what is no address. */
export function writeSocketAddress(into: Uint8Array, address: string, port: number): number {
  into.fill(0, 0, SOCKET_ADDRESS_BYTES);
  const bytes = new Uint8Array(16);
  const length = parseIpAddress(address, bytes);
  if (length === 0) return 0;
  // The family is a number of the machine, little-endian on x64 and arm64; the port is one of the network.
  into[0] = length === 4 ? AF_INET : AF_INET6;
  writeU16(into, PORT_AT, port);
  into.set(bytes.subarray(0, length), length === 4 ? IPV4_AT : IPV6_AT);
  return length === 4 ? SOCKET_ADDRESS_IPV4_BYTES : SOCKET_ADDRESS_BYTES;
}

/** Sockets of IPv6 are IPv6 alone, so that no IPv4-mapped address comes. */
export function readSocketAddress(bytes: Uint8Array): { address: string; port: number } {
  const at = bytes[0] === AF_INET ? IPV4_AT : IPV6_AT;
  const address = formatIpAddress(bytes.subarray(at, at + (at === IPV4_AT ? 4 : 16)));
  return { address, port: readU16(bytes, PORT_AT) };
}

/** The same without text and without allocating: `source.address` becomes one of the two views. */
export function readSource(
  bytes: Uint8Array,
  views: { readonly ipv4: Uint8Array; readonly ipv6: Uint8Array },
  source: SourceAddress,
): void {
  const ipv4 = bytes[0] === AF_INET;
  source.addressBytes = ipv4 ? 4 : 16;
  source.address = ipv4 ? views.ipv4 : views.ipv6;
  source.port = readU16(bytes, PORT_AT);
}
