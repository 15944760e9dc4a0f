// What the frame handlers work with.

import type { CommandContext } from '../../commands/command-context.ts';
import type { SignalingHub } from '../../signaling/hub.ts';

export interface GatewayContext {
  readonly commands: CommandContext;
  readonly hub: SignalingHub;
  readonly nodeId: Uint8Array;
}
