// How the engine uses its bulk channel, so that a bare one is used in the same way.
import { BLOCK_FRAME_PAYLOAD_BYTES } from '@rockpool/protocol';

const BLOCK_FRAME_HEADER_BYTES = 8;

export const CHANNEL_USE = {
  messageBytes: BLOCK_FRAME_HEADER_BYTES + BLOCK_FRAME_PAYLOAD_BYTES,
  /** The sender waits above this much on the channel, and goes on when it has fallen to the low mark. */
  highBytes: 1024 * 1024,
  lowBytes: 256 * 1024,
} as const;

export type ChannelUse = typeof CHANNEL_USE;
