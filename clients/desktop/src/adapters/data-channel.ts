// A native data channel as the engine's port takes it. After the connection was closed from this side
// nothing is told any more: callbacks that were on their way arrive late.

import type { Channel, ChannelEvents } from '@rockpool/client-core';
import type { DataChannel } from 'node-datachannel';

/** The sender refills when this little is left to go out, as in browsers. */
const LOW_MARK_BYTES = 256 * 1024;

export class NativeChannel implements Channel {
  readonly label: string;
  readonly #native: DataChannel;
  #ended = false;

  constructor(native: DataChannel) {
    this.#native = native;
    this.label = native.getLabel();
  }

  get bufferedBytes(): number {
    return this.#ended ? 0 : this.#native.bufferedAmount();
  }

  /** Must be called in the turn in which the channel is made or told of, or messages are lost. */
  listen(events: ChannelEvents): void {
    const native = this.#native;
    let opened = false;
    // A channel that the other side began is open already, and may still tell so afterwards.
    const open = () => {
      if (opened || this.#ended) return;
      opened = true;
      events.onOpen();
    };
    native.setBufferedAmountLowThreshold(LOW_MARK_BYTES);
    native.onOpen(open);
    native.onClosed(() => {
      if (this.#ended) return;
      this.#ended = true;
      events.onClose();
    });
    native.onBufferedAmountLow(() => {
      if (!this.#ended) events.onDrained();
    });
    native.onMessage((message) => {
      if (!this.#ended && typeof message !== 'string') events.onMessage(plainBytes(message));
    });
    if (native.isOpen()) open();
  }

  send(frame: Uint8Array): boolean {
    if (this.#ended || !this.#native.isOpen()) return false;
    try {
      // The answer says whether it went out at once; it is taken either way.
      this.#native.sendMessageBinary(frame);
      return true;
    } catch {
      return false; // closing, or larger than the other side takes
    }
  }

  close(): void {
    if (!this.#ended) this.#native.close();
  }

  /** The connection ends: nothing is told any more. */
  end(): void {
    this.#ended = true;
  }
}

/** The same bytes, without Buffer's own ways: its slice() is no copy. */
function plainBytes(message: Buffer | ArrayBuffer): Uint8Array {
  if (message instanceof ArrayBuffer) return new Uint8Array(message);
  return new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
}
