// What the frame handlers work with.

import type { CommandContext } from '../../commands/command-context.ts';
import type { Meetings } from '../../meetings/meetings.ts';
import type { SignalingHub } from '../../signaling/hub.ts';

export interface GatewayContext {
  readonly commands: CommandContext;
  readonly hub: SignalingHub;
  readonly meetings: Meetings;
  readonly nodeId: Uint8Array;
}
