/* Who can reach an address: anybody, a private network, or this machine alone. */

export type AddressScope = 'public' | 'private' | 'loopback';

/** The scope of an address of 4 or 16 bytes (RFC 1918, 3927, 6598; RFC 4193, 4291). */
export function scopeOf(address: Uint8Array, addressBytes: 4 | 16): AddressScope {
  return addressBytes === 4 ? scopeOfIpv4(address) : scopeOfIpv6(address);
}

function scopeOfIpv4(address: Uint8Array): AddressScope {
  const [first = 0, second = 0] = address;
  if (first === 127) return 'loopback';
  const isPrivate =
    first === 10 ||
    (first === 172 && second >> 4 === 1) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254) ||
    (first === 100 && second >> 6 === 1);
  return isPrivate ? 'private' : 'public';
}

function scopeOfIpv6(address: Uint8Array): AddressScope {
  const [first = 0, second = 0] = address;
  if ((first & 0xfe) === 0xfc || (first === 0xfe && second >> 6 === 2)) return 'private';
  for (let at = 0; at < 15; at += 1) if (address[at] !== 0) return 'public';
  return address[15] === 1 ? 'loopback' : 'public';
}
