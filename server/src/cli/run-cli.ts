// Picks the subcommand and says what there is. Exit codes: 0 done, 1 failed, 2 used wrongly.

import { VARIABLES } from '../config-variables.ts';
import { type CommandContext, type Subcommand, UsageError } from './command.ts';
import { initCommand } from './init-command.ts';
import { inviteCommand } from './invite-command.ts';
import { nodeCommand } from './node-command.ts';
import { statusCommand } from './status-command.ts';
import { stunCommand } from './stun-command.ts';

const SUBCOMMANDS: readonly Subcommand[] = [
  nodeCommand,
  initCommand,
  inviteCommand,
  statusCommand,
  stunCommand,
];

export async function runCli(context: CommandContext): Promise<number> {
  const { terminal } = context;
  const [name = 'help', ...args] = context.args;
  if (name === 'help' || name === '--help' || name === '-h') {
    terminal.out(helpText());
    return 0;
  }
  const subcommand = SUBCOMMANDS.find((candidate) => candidate.name === name);
  if (subcommand === undefined) {
    terminal.error(`rockpool has no command "${name}".\n\n${helpText()}`);
    return 2;
  }
  if (args.includes('--help') || args.includes('-h')) {
    terminal.out(`${subcommand.summary}\n\n${subcommand.usage}`);
    return 0;
  }
  try {
    return await subcommand.run({ ...context, args });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.error(`${error.message}\n\n${subcommand.usage}`);
    return 2;
  }
}

function helpText(): string {
  const commands = SUBCOMMANDS.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`);
  const variables = Object.entries(VARIABLES).map(([name, { initial, means }]) => {
    return `  ${name.padEnd(26)} ${means}${initial === '' ? '' : ` [${initial}]`}`;
  });
  return [
    'Usage: rockpool COMMAND [OPTIONS]     (rockpool COMMAND --help for one command)',
    '',
    ...commands,
    '',
    'Configuration of a node, from the environment or the JSON file that ROCKPOOL_CONFIG names:',
    '',
    ...variables,
  ].join('\n');
}
