// What the commands of servers and those of devices have in common.

export {
  type CommandContext,
  type CommandGroup,
  type Environment,
  type Subcommand,
  type Terminal,
  UsageError,
} from './command.ts';
export { readArguments, readOptions, readPort, readSeconds } from './read-options.ts';
export { type GroupLoader, runCli } from './run-cli.ts';
