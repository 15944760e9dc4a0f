// The passphrase that seals this device's keys where there is no keyring: from a file, or typed.

import { readFile } from 'node:fs/promises';
import type { CommandContext } from '@rockpool/cli';
import type { PassphrasePort } from '../adapters/master-key.ts';
import { AgentError } from '../agent-errors.ts';

const FILE_BYTES_MAX = 4096;

export function passphrasesOf({ env, terminal }: CommandContext): PassphrasePort {
  return {
    async ask(purpose) {
      const file = env['ROCKPOOL_PASSPHRASE_FILE'];
      if (file !== undefined && file !== '') return fromFile(file);
      return purpose === 'unlock'
        ? terminal.askSecret?.('Passphrase of this device: ')
        : choose(terminal);
    },
  };
}

async function fromFile(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length <= FILE_BYTES_MAX) return text.replace(/\r?\n$/, '');
  } catch (error) {
    throw new AgentError('AGENT_PASSPHRASE_NEEDED', path, { cause: error });
  }
  throw new AgentError('AGENT_PASSPHRASE_UNFIT', path);
}

async function choose(terminal: CommandContext['terminal']): Promise<string | undefined> {
  if (terminal.askSecret === undefined) return undefined;
  terminal.error(
    "There is no keyring here, so a passphrase seals this device's keys. Choose one of at least\n12 characters; you are asked for it at every start.",
  );
  for (;;) {
    const first = await terminal.askSecret('Passphrase: ');
    if (first === undefined) return undefined;
    const second = await terminal.askSecret('Once more: ');
    if (second === undefined || first === second) return second;
    terminal.error('They differ.');
  }
}
