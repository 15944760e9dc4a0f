// `rockpool backup`: everything that a running cluster agreed on, in one file. It is read as it comes, and gets its name
// only once all of it is on the disk and was found whole.

import { randomBytes } from 'node:crypto';
import { access, type FileHandle, link, open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type CommandContext, readArguments, type Subcommand, UsageError } from '@rockpool/cli';
import { NodeError, verifyBackup } from '@rockpool/cluster';
import { dataDirOf } from '../config.ts';
import { askBackup, ControlError } from '../control/control-client.ts';
import { operatorWords } from '../operator-errors.ts';
import { BackupProgress, sizeOf } from './backup-progress.ts';

/** It holds no content and no name, but whoever has it has the whole directory. */
const MODE = 0o600;

export const backupCommand: Subcommand = {
  name: 'backup',
  summary: 'writes a backup of the running cluster to a file',
  usage: [
    'rockpool backup FILE [--data DIR]',
    '',
    '  --data DIR  the data directory of a running node (else ROCKPOOL_DATA)',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const { values, positionals } = readArguments(args, { data: { type: 'string' } });
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0) throw new UsageError('name one file');
    const data = values.data === undefined ? dataDirOf(env) : resolve(values.data);
    const path = resolve(name);
    if (await exists(path)) {
      terminal.error(operatorWords('CLI_BACKUP_EXISTS', `${path} exists already.`));
      return 1;
    }
    const progress = new BackupProgress(terminal);
    try {
      const { rows, bytes } = await writeWhole(path, askBackup(data), progress);
      progress.clear();
      terminal.out(`Wrote ${path}: ${rows} rows, ${sizeOf(bytes)}, and read it back whole.`);
      return 0;
    } catch (error) {
      progress.clear();
      terminal.error(wordsOf(error, path));
      return 1;
    }
  },
};

async function writeWhole(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  progress: BackupProgress,
) {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', MODE);
  try {
    const verified = await verifyBackup(written(file, bytes), (part) => {
      progress.show('backing up', part.bytes);
    });
    await file.sync();
    // Not renamed: a file that appeared meanwhile stays.
    await link(draft, path);
    return verified;
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

async function* written(
  file: FileHandle,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    await file.writeFile(piece);
    yield piece;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function wordsOf(error: unknown, path: string): string {
  if (error instanceof ControlError || error instanceof NodeError) return error.message;
  if (!(error instanceof Error)) throw error;
  return operatorWords('CLI_BACKUP_UNWRITABLE', `${path}: ${error.message}.`);
}
