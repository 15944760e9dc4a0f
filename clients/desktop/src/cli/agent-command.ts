// `rockpool agent`: runs this device until it is told to stop.

import { type CommandContext, readOptions, type Subcommand, UsageError } from '@rockpool/cli';
import { runAgent } from '../agent/run-agent.ts';
import { failureOf } from '../failure.ts';
import { dataDirectoryOf, keepServer, serverOf } from '../settings.ts';
import { InputLines } from './input-lines.ts';
import { JsonScreen } from './json-screen.ts';
import { passphrasesOf } from './passphrases.ts';
import { EXIT, showFailure } from './with-agent.ts';
import { WordScreen } from './word-screen.ts';

export const agentCommand: Subcommand = {
  name: 'agent',
  summary: 'runs a device of yours without a window; links it at the first start',
  usage: [
    'rockpool agent [--server URL] [--data DIR] [--hide-address yes|no] [--json]',
    '',
    '  --server URL  where people open Rockpool; only the first start needs it (else ROCKPOOL_SERVER)',
    '  --data DIR    where the device keeps its keys, messages and files (else ROCKPOOL_AGENT_DATA,',
    '                else ~/.local/share/rockpool-agent)',
    '  --hide-address yes|no  yes: others reach this device over a relay of your server only, and do not',
    '                learn its network address; it is kept until it is said otherwise',
    '  --json        one JSON object a line on standard output; the digits are answered by a line',
    '                {"same":true} or {"same":false} on standard input',
    '',
    'Without a keyring, ROCKPOOL_PASSPHRASE_FILE names a file with the passphrase that seals the keys.',
    'Exit codes: 0 stopped by SIGINT or SIGTERM, 1 failed, 2 used wrongly.',
  ].join('\n'),
  async run(context: CommandContext): Promise<number> {
    const { args, env, terminal, stopped } = context;
    const options = readOptions(args, {
      server: { type: 'string' },
      data: { type: 'string' },
      json: { type: 'boolean' },
      'hide-address': { type: 'string' },
    });
    const hideAddress = yesOrNo(options['hide-address']);
    const stop = new AbortController();
    void stopped.then(() => stop.abort());
    try {
      const dataDirectory = dataDirectoryOf(options.data, env);
      const origin = await serverOf(dataDirectory, options.server ?? env['ROCKPOOL_SERVER']);
      await run(context, { dataDirectory, origin, json: options.json === true, hideAddress, stop });
      return EXIT.done;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      showFailure(terminal, failure, options.json === true);
      return EXIT.failed;
    }
  },
};

interface Start {
  readonly dataDirectory: string;
  readonly origin: string;
  readonly json: boolean;
  /** Undefined: as it was. */
  readonly hideAddress: boolean | undefined;
  readonly stop: AbortController;
}

function yesOrNo(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'yes' || text === 'no') return text === 'yes';
  throw new UsageError('--hide-address takes yes or no');
}

async function run(context: CommandContext, start: Start) {
  const { dataDirectory, origin, json, hideAddress, stop } = start;
  const { terminal } = context;
  // Loaded here: other commands need neither WebRTC nor a database.
  const { openDesktopPlatform, systemKeyring } = await import('../index.ts');
  let failed: Error | undefined;
  const { platform, close } = await openDesktopPlatform({
    dataDirectory,
    origin,
    keyring: systemKeyring,
    passphrases: passphrasesOf(context),
    onStoreFailed: (error) => {
      failed = error;
      stop.abort();
    },
  });
  try {
    await keepServer(dataDirectory, origin);
    const input = new InputLines(terminal.input);
    const screen = json ? new JsonScreen(terminal, input) : new WordScreen(terminal, input, origin);
    try {
      await runAgent({ platform, dataDirectory, screen, hideAddress, stop: stop.signal });
    } finally {
      screen.close();
    }
  } finally {
    await close();
  }
  if (failed !== undefined) throw failed;
}
