// The commands of `rockpool` for a device without a window.

import type { CommandGroup } from '@rockpool/cli';
import { agentCommand } from './agent-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { poolsCommand } from './pools-command.ts';
import { receiveCommand } from './receive-command.ts';
import { sayCommand } from './say-command.ts';
import { sendCommand } from './send-command.ts';

export const deviceCommands: CommandGroup = {
  title: 'A device of yours:',
  commands: [agentCommand, poolsCommand, sayCommand, sendCommand, receiveCommand, doctorCommand],
};
