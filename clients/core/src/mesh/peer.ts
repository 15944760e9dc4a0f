// What the rest of the engine sees of a connected device: frames in and out, nothing of how the
// connection came about.

import type { Bytes, ChannelFrame } from '@rockpool/protocol';

export interface Peer {
  /** Hex ids. */
  readonly pool: string;
  readonly device: string;
  readonly user: string;
  /** False when the connection is gone. */
  send(frame: ChannelFrame): boolean;
  readonly controlBufferedBytes: number;
  sendBulk(frame: Bytes): boolean;
  readonly bulkBufferedBytes: number;
  readonly bulkOpen: boolean;
  /** The selected path goes over a relay, so what it carries passes a server. */
  readonly relayed: boolean;
  readonly roundTripMs: number | undefined;
  close(): void;
}

/** What the engine does with a connected device. */
export interface PeerUse {
  onFrame(frame: ChannelFrame): void;
  onBulk(frame: Bytes): void;
  onBulkOpen(): void;
  onBulkDrained(): void;
  onControlDrained(): void;
  onClosed(): void;
}
