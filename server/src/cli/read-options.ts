// Options of a subcommand, with plain words for what is wrong.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './command.ts';

export function readOptions<T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'these options are not known');
  }
}

export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new UsageError(`${text} is not a port number`);
  return port;
}
