// forward-main.ts FROM TO: passes TCP connections on from one address and port to another, until it is ended. A browser takes
// http://localhost for secure, so each client of the lab has the front door there. SIGHUP ends the
// connections there are, and is answered by `cut`.
import { createConnection, createServer, type Socket } from 'node:net';

const [, , from = '', to = ''] = process.argv;
const open = new Set<Socket>();

function endpoint(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

function keep(socket: Socket, other: () => Socket | undefined): void {
  open.add(socket);
  socket.on('error', () => {});
  socket.once('close', () => {
    open.delete(socket);
    other()?.destroy();
  });
}

const server = createServer((inside) => {
  const outside = createConnection(endpoint(to));
  keep(inside, () => outside);
  keep(outside, () => inside);
  inside.pipe(outside).pipe(inside);
});
process.on('SIGHUP', () => {
  for (const socket of open) socket.destroy();
  process.stdout.write('cut\n');
});
// Ends with whoever started it.
process.stdin.on('end', () => process.exit()).resume();
const { host, port } = endpoint(from);
server.listen(port, host, () => process.stdout.write('ready\n'));
