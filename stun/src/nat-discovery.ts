/*
 * NAT behaviour discovery (RFC 5780) for a server with two addresses and two ports: which of the four sockets
 * answers, and what the answer says of them. Everything is encoded once, at the start.
 */
import { encodeAddressAttribute } from './codec/binding-answer.ts';
import type { BindingRequest } from './codec/binding-request.ts';
import { parseIpAddress } from './codec/ip-address.ts';
import { NAT_DISCOVERY } from './codec/message.ts';

/** Socket numbers: the lowest bit is the address, the next one the port. */
const OTHER_ADDRESS_BIT = 1;
const OTHER_PORT_BIT = 2;
const BOTH_BITS = OTHER_ADDRESS_BIT | OTHER_PORT_BIT;

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export class NatDiscovery {
  readonly #origins: readonly Uint8Array[];
  readonly #others: readonly Uint8Array[];

  /** The four sockets: both addresses with the first port, then both with the second. */
  constructor(endpoints: readonly Endpoint[]) {
    this.#origins = endpoints.map((at) => encode(NAT_DISCOVERY.responseOrigin, at));
    this.#others = endpoints.map((at) => encode(NAT_DISCOVERY.otherAddress, at));
  }

  /** The socket that answers what another received (RFC 5780, 6.1). */
  answeringSocket(receivedBy: number, request: BindingRequest): number {
    const address = request.changeAddress ? OTHER_ADDRESS_BIT : 0;
    return receivedBy ^ address ^ (request.changePort ? OTHER_PORT_BIT : 0);
  }

  /** RESPONSE-ORIGIN and OTHER-ADDRESS, whole. */
  attributes(receivedBy: number, answeredBy: number): readonly (Uint8Array | undefined)[] {
    return [this.#origins[answeredBy], this.#others[receivedBy ^ BOTH_BITS]];
  }
}

function encode(type: number, { address, port }: Endpoint): Uint8Array {
  const bytes = new Uint8Array(16);
  const length = parseIpAddress(address, bytes);
  return encodeAddressAttribute(type, bytes.subarray(0, length), port);
}
