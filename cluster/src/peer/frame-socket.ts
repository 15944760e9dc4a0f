// Frames over one TLS connection: cuts the stream, joins what one turn writes, bounds what waits.

import type { TLSSocket } from 'node:tls';
import { type DecodedFrame, decodePeerFrame, FrameSplitter } from '../format/peer-frame.ts';

/** Bytes written and not yet taken by the connection; more is dropped. */
const QUEUE_BYTES_MAX = 16_777_216;
/** A last frame that the other end does not take within this time is lost. */
const FAREWELL_MS_MAX = 1_000;

export class FrameSocket {
  readonly #socket: TLSSocket;
  readonly #splitter = new FrameSplitter();
  #corked = false;
  /** A last frame was sent: whatever still comes is not heard. */
  #ending = false;

  constructor(socket: TLSSocket, onFrame: (decoded: DecodedFrame) => void, onClose: () => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Uint8Array) => {
      if (this.#ending) return;
      const bodies = this.#splitter.push(chunk);
      if (bodies === undefined) {
        onFrame({ ok: false, reason: 'size' });
        return;
      }
      for (const body of bodies) {
        if (!socket.destroyed && !this.#ending) onFrame(decodePeerFrame(body));
      }
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', onClose);
  }

  /** False when it was dropped. */
  send(frame: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket.destroyed || this.#ending || socket.writableLength > QUEUE_BYTES_MAX) return false;
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        socket.uncork();
      });
    }
    socket.write(frame);
    return true;
  }

  /** Sends a last frame and closes. */
  end(frame: Uint8Array): void {
    if (this.#socket.destroyed || this.#ending) return;
    this.#ending = true;
    this.#socket.setTimeout(FAREWELL_MS_MAX, () => this.#socket.destroy());
    this.#socket.end(frame);
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
