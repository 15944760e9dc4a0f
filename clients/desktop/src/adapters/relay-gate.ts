/*
 * The only way out for a connection that hides this machine's address. The native library would also send
 * checks straight to whatever addresses the other side names, and so show ours to it. It is therefore bound to
 * loopback, from where nothing leaves the machine, and finds its TURN server at this gate, which passes its
 * datagrams on to the real one and to nobody else.
 */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { AllocateAnswers } from './allocate-answers.ts';

export const LOOPBACK = '127.0.0.1';

export class RelayGate {
  readonly port: number;
  readonly #inside: Socket;
  #outside: Socket | undefined;
  /** Where the library sends from: the first who came. */
  #insidePort: number | undefined;
  readonly #answers = new AllocateAnswers();
  #closed = false;

  /** Opens at once; datagrams that come before the server's name is found are lost, and sent again by STUN. */
  constructor(host: string, port: number) {
    // Without this, Node would look the address up in a later turn, and there would be no port yet.
    this.#inside = createSocket({
      type: 'udp4',
      lookup: (name, _options, done) => done(null, name, 4),
    });
    this.#inside.on('error', () => this.close());
    this.#inside.bind(0, LOOPBACK);
    this.port = this.#inside.address().port;
    this.#inside.on('message', (datagram, from) => {
      if (from.address !== LOOPBACK) return;
      this.#insidePort ??= from.port;
      if (from.port !== this.#insidePort || this.#outside === undefined) return;
      this.#answers.asked(datagram);
      this.#outside.send(datagram);
    });
    lookup(host, (error, address) => {
      if (error === null && !this.#closed) this.#reach(address, port);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inside.close();
    this.#outside?.close();
  }

  #reach(address: string, port: number): void {
    const outside = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
    // Nobody listening is for STUN to find out, by its time limit.
    outside.on('error', () => {});
    outside.on('message', (datagram) => {
      if (this.#closed || this.#insidePort === undefined) return;
      if (!this.#answers.isNews(datagram)) return;
      this.#inside.send(datagram, this.#insidePort, LOOPBACK);
    });
    outside.connect(port, address, () => {
      if (this.#closed) outside.close();
      else this.#outside = outside;
    });
  }
}
