// A client of PeerJS' server, in the messages that its own client sends: a heartbeat every five seconds, without
// which the server hangs up, and candidates from one peer to another.
import { type Line, type OpenLine, openJsonSocket } from './line.ts';
import { LOOPBACK } from './loopback.ts';

const HEARTBEAT_MS = 5_000;

interface Message {
  readonly type: string;
  readonly src: string;
  readonly payload?: unknown;
}

export function peerjsLines(port: number): OpenLine {
  return async (index, listener) => {
    const id = `device-${index}`;
    const url = `ws://${LOOPBACK}:${port}/peerjs?key=peerjs&id=${id}&token=token-${index}`;
    const socket = await openJsonSocket(url, index, listener, (text) => {
      const { type, src, payload }: Message = JSON.parse(text);
      if (type === 'CANDIDATE') listener.heard(line, src, String(payload));
      else listener.trouble(`PeerJS said ${type}`);
    });
    setInterval(() => socket.send('{"type":"HEARTBEAT"}'), HEARTBEAT_MS).unref();
    const line: Line = {
      id,
      send: (to, payload) => {
        socket.send(JSON.stringify({ type: 'CANDIDATE', payload, dst: to.id }));
      },
    };
    return line;
  };
}
