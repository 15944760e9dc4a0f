// Our STUN server behind a NAT, both on loopback. A client that gathers through it learns an address that it does not
// have itself, so that a candidate with this address shows that the answer came and was understood.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type StunServer, startStunServer } from '@rockpool/stun';

const INSIDE = '127.0.0.1';
const OUTSIDE = '127.0.0.2';

export class TranslatedStun {
  readonly url: string;
  /** What clients are told, as in a candidate: address and port. */
  readonly told = new Set<string>();
  readonly #server: StunServer;
  readonly #front: Socket;
  readonly #mappings = new Map<string, Socket>();

  private constructor(server: StunServer, front: Socket) {
    this.#server = server;
    this.#front = front;
    this.url = `stun:${INSIDE}:${front.address().port}`;
    front.on('message', (datagram, from) => {
      this.#mapping(from.address, from.port).send(datagram, server.port, INSIDE);
    });
  }

  static async start(options: { readonly batched: boolean }): Promise<TranslatedStun> {
    const server = await startStunServer({ port: 0, addresses: [INSIDE], ...options });
    const front = createSocket('udp4').bind(0, INSIDE);
    await once(front, 'listening');
    return new TranslatedStun(server, front);
  }

  async stop(): Promise<void> {
    this.#front.close();
    for (const mapping of this.#mappings.values()) mapping.close();
    await this.#server.close();
  }

  #mapping(address: string, port: number): Socket {
    const client = `${address} ${port}`;
    const held = this.#mappings.get(client);
    if (held !== undefined) return held;
    const mapping = createSocket('udp4').bind(0, OUTSIDE);
    mapping.on('listening', () => this.told.add(`${OUTSIDE} ${mapping.address().port}`));
    mapping.on('message', (datagram) => this.#front.send(datagram, port, address));
    this.#mappings.set(client, mapping);
    return mapping;
  }
}
