// WebSockets to the cluster's public origin. Browsers send the page's origin by themselves; here it is
// said, because nodes admit sockets by it.

import type { SocketPort } from '@rockpool/client-core';
import { FRAME_BYTES_MAX } from '@rockpool/protocol';
import { WebSocket } from 'ws';

const HANDSHAKE_TIMEOUT_MS = 20_000;

/** Sockets to `origin`, as in `https://rockpool.example`. */
export function nodeSockets(origin: string): SocketPort {
  const { origin: own, protocol } = new URL(origin);
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new TypeError(`no web origin: ${origin}`);
  return {
    origin: own,
    open(path, events) {
      const socket = new WebSocket(own.replace(/^http/, 'ws') + path, {
        origin: own,
        perMessageDeflate: false,
        maxPayload: FRAME_BYTES_MAX,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      });
      socket.on('open', () => events.onOpen());
      socket.on('message', (data, isBinary) => {
        if (isBinary && data instanceof Buffer) events.onFrame(plainBytes(data));
      });
      // Whatever failed, 'close' follows.
      socket.on('error', () => {});
      socket.on('close', (code) => events.onClose(code));
      return {
        send(frame) {
          if (socket.readyState === WebSocket.OPEN) socket.send(frame);
        },
        get bufferedBytes() {
          return socket.bufferedAmount;
        },
        close: (code) => socket.close(code),
      };
    },
  };
}

/** The same bytes, without Buffer's own ways: its slice() is no copy. */
function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
