// What the frame handlers work with.

import type { CommandContext } from '../../commands/command-context.ts';
import type { Meetings } from '../../meetings/meetings.ts';
import type { SignalingHub } from '../../signaling/hub.ts';
import type { RelayAccess } from '../../turn/relay-access.ts';

export interface GatewayContext {
  readonly commands: CommandContext;
  readonly hub: SignalingHub;
  readonly meetings: Meetings;
  readonly nodeId: Uint8Array;
  /** TURN servers and new credentials for them. */
  readonly relays: () => RelayAccess;
}
