// Picks the subcommand and says what there is. Exit codes: 0 done, 1 failed, 2 used wrongly.

import { type CommandContext, type CommandGroup, UsageError } from './command.ts';

/** Loads a group of commands when it is looked into, so that a quick command stays quick. */
export type GroupLoader = () => Promise<CommandGroup>;

export async function runCli(
  loaders: readonly GroupLoader[],
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const [name = 'help', ...args] = context.args;
  const groups: CommandGroup[] = [];
  for (const load of loaders) {
    const group = await load();
    groups.push(group);
    const subcommand = group.commands.find((candidate) => candidate.name === name);
    if (subcommand === undefined) continue;
    if (asksForHelp(args)) {
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
  if (name === 'help' || name === '--help' || name === '-h') {
    terminal.out(helpText(groups));
    return 0;
  }
  terminal.error(`rockpool has no command "${name}".\n\n${helpText(groups)}`);
  return 2;
}

/** What stands behind `--` is text, not an option. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

function helpText(groups: readonly CommandGroup[]): string {
  return [
    'Usage: rockpool COMMAND [OPTIONS]     (rockpool COMMAND --help for one command)',
    ...groups.map(({ title, commands }) => {
      const lines = commands.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`);
      return [title, ...lines].join('\n');
    }),
    ...groups.flatMap(({ settings }) => settings ?? []),
  ].join('\n\n');
}
