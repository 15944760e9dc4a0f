// Lines of the log on their way from the thread of a node to the application's: Errors in them go as words.

import type { ClusterLogger } from '../options.ts';
import { errorOf, wordsOf } from './carried-error.ts';
import type { FromNode, LogLevel } from './messages.ts';

type LogMessage = Extract<FromNode, readonly ['log', ...unknown[]]>;

export function loggerTo(port: { post(message: LogMessage): void }): ClusterLogger {
  const line = (level: LogLevel) => (fields: object, message: string) => {
    const named = Object.entries(fields);
    const errors = named.filter(([, value]) => value instanceof Error);
    const others = named.filter(([, value]) => !(value instanceof Error));
    const words = errors.map(([name, error]) => [name, wordsOf(error)] as const);
    port.post(['log', level, Object.fromEntries(others), Object.fromEntries(words), message]);
  };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

export function logTo(logger: ClusterLogger, [, level, fields, words, message]: LogMessage): void {
  const errors = Object.entries(words).map(([name, error]) => [name, errorOf(error)] as const);
  logger[level]({ ...fields, ...Object.fromEntries(errors) }, message);
}
