// The bare relay that both bare contestants are: sockets by id after a token on connect, and {to, body} handed
// on as {from, body}. No limits, no groups, no word back to the sender.
import type { WebSocket } from 'ws';
import { tokenFits } from './relay-token.ts';

const CLOSE_POLICY = 1008;

export class JsonRelay {
  readonly #sockets = new Map<string, WebSocket>();

  admit(socket: WebSocket, url: string): void {
    const { searchParams } = new URL(url, 'ws://relay');
    const id = searchParams.get('id') ?? '';
    if (!tokenFits(id, searchParams.get('token') ?? '')) {
      socket.close(CLOSE_POLICY);
      return;
    }
    this.#sockets.set(id, socket);
    socket.on('close', () => this.#sockets.delete(id));
    socket.on('message', (data) => this.#handOn(id, String(data)));
    socket.send('{"ready":true}');
  }

  #handOn(from: string, message: string): void {
    const { to, body }: { to: string; body: string } = JSON.parse(message);
    this.#sockets.get(to)?.send(JSON.stringify({ from, body }));
  }
}
