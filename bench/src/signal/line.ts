// One client's connection to a contestant, and how to open one: the load knows no more of a server than this.
// Each kind of server has its own.
import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import { sourceAddress } from './loopback.ts';

export interface Line {
  /** What the receiver is told of the sender, and senders call it by. */
  readonly id: string;
  /** `body` is ASCII. */
  send(to: Line, body: string): void;
}

export interface Listener {
  /** A signal arrived. */
  heard(at: Line, from: string, body: string): void;
  /** A refusal, a closed socket, something unreadable: each fails the run. */
  trouble(why: string): void;
}

/** Opens the line of device number `index`, shown and ready to send and receive. */
export type OpenLine = (index: number, listener: Listener) => Promise<Line>;

/** A socket that speaks JSON; resolves after its server's first message. */
export async function openJsonSocket(
  url: string,
  index: number,
  listener: Listener,
  take: (message: string) => void,
): Promise<WebSocket> {
  const options: ClientOptions = {
    localAddress: sourceAddress(index),
    perMessageDeflate: false,
  };
  const socket = new WebSocket(url, options);
  await once(socket, 'message');
  socket.on('message', (data) => take(String(data)));
  socket.on('close', (code) => listener.trouble(`a socket closed with ${code}`));
  socket.on('error', ({ message }) => listener.trouble(message));
  return socket;
}
