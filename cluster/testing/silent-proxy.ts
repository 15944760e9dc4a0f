// A TCP proxy on loopback that falls silent: what was connected stays connected and carries nothing any
// more, for good, as a connection does whose retransmissions have backed off from a cut; and while it is
// silent, new connections get no answer either.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class SilentProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isSilent = false;

  private constructor(targetPort: () => number) {
    this.#server = createServer((near) => {
      this.#keep(near);
      if (this.#isSilent) return;
      const far = connect({ host: '127.0.0.1', port: targetPort() });
      this.#keep(far);
      near.pipe(far);
      far.pipe(near);
    });
  }

  static async listen(targetPort: () => number): Promise<SilentProxy> {
    const proxy = new SilentProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  silence(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) {
      socket.unpipe();
      // Ends are not told to the other side either.
      socket.pause();
    }
  }

  /** For new connections; the old ones stay lost. */
  speak(): void {
    this.#isSilent = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
