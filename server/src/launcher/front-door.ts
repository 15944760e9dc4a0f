// The one public origin of a development cluster. It is no node: it serves on when any node is
// killed. /n/NAME/… goes to that node, everything else to any ready one, and to the next one when
// the first cannot be reached.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { createProxyServer, proxyUpgrade } from 'httpxy';
import { type FrontDoorRoute, routeRequest } from './front-door-routes.ts';
import { NO_NODE_PAGE } from './no-node-page.ts';

const HOSTS = ['127.0.0.1', '::1'];
const PROBE_EVERY_MS = 500;
const PROBE_TIMEOUT_MS = 1000;
const UPGRADE_TIMEOUT_MS = 5000;

export interface Upstream {
  readonly name: string;
  readonly port: number;
}

export interface FrontDoor {
  readonly port: number;
  ready(name: string): boolean;
  close(): Promise<void>;
}

export interface FrontDoorOptions {
  readonly port: number;
  readonly upstreams: readonly Upstream[];
  /** A node became ready, or ceased to be. */
  changed?(): void;
}

/** Rejects with the listen error when the port is taken. */
export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const door = new Door(options);
  await door.open();
  return door;
}

class Door implements FrontDoor {
  port = 0;
  readonly #options: FrontDoorOptions;
  readonly #servers: Server[] = [];
  readonly #proxy = createProxyServer({ xfwd: true });
  readonly #ready = new Set<string>();
  readonly #sockets = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;

  constructor(options: FrontDoorOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.port = this.#options.port;
    try {
      for (const host of HOSTS) await this.#listen(host);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#timer = setInterval(() => void this.#probeAll(), PROBE_EVERY_MS);
    await this.#probeAll();
  }

  ready(name: string): boolean {
    return this.#ready.has(name);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map((server) => {
        server.closeAllConnections();
        return new Promise<void>((resolve) => server.close(() => resolve()));
      }),
    );
  }

  async #listen(host: string): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.on('upgrade', (request, socket: Socket, head) => {
      void this.#upgrade(request, socket, head);
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(this.port, host, resolve);
      });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // A machine without IPv6 does without the second address.
      if (host === '::1' && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return;
      throw error;
    }
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
    this.#servers.push(server);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = routeRequest(request.headers.host, request.url ?? '/', this.port);
    if (route.kind === 'redirect') {
      response.writeHead(307, { location: route.location, 'content-length': 0 }).end();
      return;
    }
    if (route.kind === 'foreign') {
      const text = 'Rockpool is served at http://localhost here.\n';
      response.writeHead(421, { 'content-type': 'text/plain' }).end(text);
      return;
    }
    request.url = route.path;
    forgetForwarding(request);
    for (const upstream of this.#candidates(route)) {
      try {
        const target = `http://127.0.0.1:${upstream.port}`;
        await this.#proxy.web(request, response, { target });
        return;
      } catch {
        this.#setReady(upstream.name, false);
        if (response.headersSent || !isRepeatable(request)) break;
      }
    }
    if (!response.headersSent) sayNobodyIsReady(response);
    else response.destroy();
  }

  async #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const route = routeRequest(request.headers.host, request.url ?? '/', this.port);
    const upstream = await this.#reachable(route);
    if (upstream === undefined) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    request.url = route.kind === 'node' || route.kind === 'any' ? route.path : '/';
    forgetForwarding(request);
    const target = { host: '127.0.0.1', port: upstream.port };
    const options = { xfwd: true, upgradeTimeout: UPGRADE_TIMEOUT_MS };
    try {
      const inner = await proxyUpgrade(target, request, socket, head, options);
      socket.once('close', () => inner.destroy());
    } catch {
      // The node said no, in words that have been passed on, or it died just now: the client retries.
      socket.end();
    }
  }

  /** The first candidate that takes a connection: a failed upgrade cannot be tried elsewhere. */
  async #reachable(route: FrontDoorRoute): Promise<Upstream | undefined> {
    if (route.kind !== 'node' && route.kind !== 'any') return undefined;
    for (const upstream of this.#candidates(route)) {
      if (await takesConnection(upstream.port)) return upstream;
      this.#setReady(upstream.name, false);
    }
    return undefined;
  }

  /** The named node alone, or the ready ones in turn; without any ready one, all: one may be alive. */
  #candidates(route: { readonly kind: 'any' } | { readonly kind: 'node'; readonly name: string }) {
    const { upstreams } = this.#options;
    if (route.kind === 'node') return upstreams.filter(({ name }) => name === route.name);
    const ready = upstreams.filter(({ name }) => this.#ready.has(name));
    const from = ready.length > 0 ? ready : upstreams;
    this.#turn = (this.#turn + 1) % Math.max(1, from.length);
    return [...from.slice(this.#turn), ...from.slice(0, this.#turn)];
  }

  async #probeAll(): Promise<void> {
    await Promise.all(
      this.#options.upstreams.map(async ({ name, port }) => {
        const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
        const answer = fetch(`http://127.0.0.1:${port}/readyz`, { signal });
        const ok = await answer.then(
          async (response) => {
            await response.body?.cancel();
            return response.ok;
          },
          () => false,
        );
        this.#setReady(name, ok);
      }),
    );
  }

  #setReady(name: string, ready: boolean): void {
    if (this.#ready.has(name) === ready) return;
    if (ready) this.#ready.add(name);
    else this.#ready.delete(name);
    this.#options.changed?.();
  }
}

/** Only the front door says whom a request came from. */
function forgetForwarding(request: IncomingMessage): void {
  for (const name of ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded']) {
    delete request.headers[name];
  }
}

function takesConnection(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy());
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('close', () => resolve(false));
    socket.once('error', () => resolve(false));
  });
}

/** A body that has been sent once is gone. Rockpool's HTTP has none, but a stranger may send one. */
function isRepeatable(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

function sayNobodyIsReady(response: ServerResponse): void {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'retry-after': '1' };
  response.writeHead(503, headers).end(NO_NODE_PAGE);
}
