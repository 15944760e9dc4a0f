// The commands of `rockpool` for those who run servers.

import type { CommandGroup } from '@rockpool/cli';
import { VARIABLES } from '../config-variables.ts';
import { backupCommand } from './backup-command.ts';
import { branchesCommand } from './branches-command.ts';
import { graceCommand } from './grace-command.ts';
import { initCommand } from './init-command.ts';
import { inviteCommand } from './invite-command.ts';
import { joinCommand } from './join-command.ts';
import { nodeCommand } from './node-command.ts';
import { recoverCommand } from './recover-command.ts';
import { removeCommand } from './remove-command.ts';
import { replaceCommand } from './replace-command.ts';
import { restoreCommand } from './restore-command.ts';
import { statusCommand } from './status-command.ts';
import { stunCommand } from './stun-command.ts';
import { tokenCommand } from './token-command.ts';
import { verifyCommand } from './verify-command.ts';

const NAME_COLUMNS = Math.max(...Object.keys(VARIABLES).map((name) => name.length));

export const serverCommands: CommandGroup = {
  title: 'A server:',
  commands: [
    nodeCommand,
    initCommand,
    inviteCommand,
    statusCommand,
    tokenCommand,
    joinCommand,
    removeCommand,
    replaceCommand,
    backupCommand,
    verifyCommand,
    restoreCommand,
    recoverCommand,
    graceCommand,
    branchesCommand,
    stunCommand,
  ],
  settings: [
    'Configuration of a node, from the environment or the JSON file that ROCKPOOL_CONFIG names:',
    '',
    ...Object.entries(VARIABLES).map(([name, { initial, means }]) => {
      return `  ${name.padEnd(NAME_COLUMNS)} ${means}${initial === '' ? '' : ` [${initial}]`}`;
    }),
  ].join('\n'),
};
