/* Where a request came from, from the text that Node gives to the bytes that are answered. */
import type { SourceAddress } from './codec/binding-answer.ts';
import { parseIpAddress } from './codec/ip-address.ts';

export function sourceAddress(): SourceAddress {
  return { addressBytes: 4, address: new Uint8Array(16), port: 0 };
}

/** What is no address gets port 0, at which nobody is answered. */
export function readSourceAddress(address: string, port: number, into: SourceAddress): void {
  const addressBytes = parseIpAddress(address, into.address);
  into.addressBytes = addressBytes === 0 ? 4 : addressBytes;
  into.port = addressBytes === 0 ? 0 : port;
}
