// `rockpool verify`: whether a backup is whole, and if not, where.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type CommandContext, readArguments, type Subcommand, UsageError } from '@rockpool/cli';
import { NodeError, verifyBackup } from '@rockpool/cluster';
import { operatorWords } from '../operator-errors.ts';
import { BackupProgress, sizeOf } from './backup-progress.ts';

export const verifyCommand: Subcommand = {
  name: 'verify',
  summary: 'reads every byte of a backup and says whether it is whole, or where it is not',
  usage: 'rockpool verify FILE',
  async run({ args, terminal }: CommandContext): Promise<number> {
    const { positionals } = readArguments(args, {});
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0) throw new UsageError('name one file');
    const path = resolve(name);
    const progress = new BackupProgress(terminal);
    try {
      const { size } = await stat(path);
      const { head, rows, bytes } = await verifyBackup(createReadStream(path), (part) => {
        progress.show('verifying', part.bytes, size);
      });
      progress.clear();
      const made = new Date(head.timeMs).toISOString();
      terminal.out(`${path} is whole: ${rows} rows, ${sizeOf(bytes)}, made at ${made}`);
      terminal.out(`realm ${head.realm}\ncluster ${head.clusterId}`);
      for (const { group, base } of head.groups) {
        const kind = group === 0 ? 'meta ' : 'shard';
        terminal.out(`${kind} ${group}  index ${base.index}, term ${base.term}`);
      }
      return 0;
    } catch (error) {
      progress.clear();
      terminal.error(readFailure(error, path));
      return 1;
    }
  },
};

/** In words, why a backup was not taken. */
export function readFailure(error: unknown, path: string): string {
  if (error instanceof NodeError) return error.message;
  if (!(error instanceof Error)) throw error;
  return operatorWords('CLI_BACKUP_UNREADABLE', `${path}: ${error.message}.`);
}
