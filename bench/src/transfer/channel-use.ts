// How the engine uses its bulk channel, so that a bare one is used in the same way.
import { BLOCK_FRAME_BYTES_MAX } from '@rockpool/protocol';

export const CHANNEL_USE = {
  messageBytes: BLOCK_FRAME_BYTES_MAX,
  /** The sender waits above this much on the channel, and goes on when it has fallen to the low mark. */
  highBytes: 1024 * 1024,
  lowBytes: 256 * 1024,
} as const;

export type ChannelUse = typeof CHANNEL_USE;
