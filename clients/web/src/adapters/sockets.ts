import type { SocketPort } from '@rockpool/client-core';

/** WebSockets to the page's own origin: the front door passes them on to the nodes. */
export const browserSockets: SocketPort = {
  origin: location.origin,
  open(path, events) {
    const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + path);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => events.onOpen();
    socket.onmessage = (event) => {
      if (event.data instanceof ArrayBuffer) events.onFrame(new Uint8Array(event.data));
    };
    socket.onclose = (event) => events.onClose(event.code);
    return {
      send(frame) {
        if (socket.readyState === WebSocket.OPEN) socket.send(frame as Uint8Array<ArrayBuffer>);
      },
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
      close: (code) => socket.close(code),
    };
  },
};
