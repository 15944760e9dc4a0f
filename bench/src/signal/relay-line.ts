// A client of the bare JSON relays.
import { type Line, type OpenLine, openJsonSocket } from './line.ts';
import { LOOPBACK } from './loopback.ts';
import { relayToken } from './relay-token.ts';

export function relayLines(port: number): OpenLine {
  return async (index, listener) => {
    const id = `device-${index}`;
    const url = `ws://${LOOPBACK}:${port}/?id=${id}&token=${relayToken(id)}`;
    const socket = await openJsonSocket(url, index, listener, (message) => {
      const { from, body }: { from: string; body: string } = JSON.parse(message);
      listener.heard(line, from, body);
    });
    const line: Line = {
      id,
      send: (to, body) => socket.send(JSON.stringify({ to: to.id, body })),
    };
    return line;
  };
}
