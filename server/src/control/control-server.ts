// The operator's door: a Unix socket in the data directory that only the node's own user can open.

import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  CONTROL_LINE_BYTES_MAX,
  CONTROL_SOCKET,
  type ControlAnswer,
  type ControlRequest,
  type ControlStream,
  readControlRequest,
} from './control-messages.ts';

const CONNECTIONS_MAX = 16;
const IDLE_TIMEOUT_MS = 30_000;

export interface ControlServer {
  close(): Promise<void>;
}

export type ControlHandler = (request: ControlRequest) => Promise<ControlAnswer | ControlStream>;

/** The node holds the data directory's lock by now, so a socket file left there is a dead one. */
export async function startControlServer(
  dataDir: string,
  handle: ControlHandler,
): Promise<ControlServer> {
  const path = join(dataDir, CONTROL_SOCKET);
  await rm(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serve(socket, handle);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function serve(socket: Socket, handle: ControlHandler): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  const answer = (value: ControlAnswer) => socket.end(`${JSON.stringify(value)}\n`);
  socket.on('data', (chunk) => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end < 0 && text.length <= CONTROL_LINE_BYTES_MAX) return;
    socket.removeAllListeners('data');
    const request = end < 0 ? undefined : readControlRequest(text.slice(0, end));
    if (request === undefined) {
      answer({ ok: false, code: 'PROTOCOL_MALFORMED', detail: 'not a request of this version' });
      return;
    }
    handle(request).then(
      (handled) => {
        if ('answer' in handled) stream(socket, handled);
        else answer(handled);
      },
      () => {
        answer({ ok: false, code: 'INTERNAL', detail: 'see the log of the node' });
      },
    );
  });
}

/** Whoever asked sees by the end of the bytes whether they are all of them. */
function stream(socket: Socket, { answer, bytes }: ControlStream): void {
  socket.write(`${JSON.stringify(answer)}\n`);
  pipeline(Readable.from(bytes), socket).catch(() => socket.destroy());
}
