// Arguments of a subcommand, with plain words for what is wrong.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './command.ts';

const SECONDS_MAX = 365 * 24 * 3600;

/** Options alone: whatever is not one is refused. */
export function readOptions<T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
) {
  return inWords(() => {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  });
}

/** Options, and words that stand by themselves. */
export function readArguments<T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
) {
  return inWords(() => {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  });
}

export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new UsageError(`${text} is not a port number`);
  return port;
}

/** A positive number of seconds. */
export function readSeconds(text: string): number {
  const seconds = /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds <= 0 || seconds > SECONDS_MAX) {
    throw new UsageError(`${text} is not a number of seconds`);
  }
  return seconds;
}

function inWords<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'these options are not known');
  }
}
