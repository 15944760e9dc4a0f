// Entry point of `rockpool`, started by rockpool.cjs. It loads the commands of servers or those of a
// device by name, and is the only file of the command line that touches the process: arguments,
// environment, terminal, signals, exit code.

import { type CommandGroup, type GroupLoader, runCli } from '@rockpool/cli';
import { askSecret } from './ask-secret.ts';

const STOP_TIMEOUT_MS = 15_000;
const FINISHED_TIMEOUT_MS = 500;
const COLUMNS_WITHOUT_TERMINAL = 80;

// Those of a device are found at once; those of a server bring the server with them.
const loaders: readonly GroupLoader[] = [
  async () => {
    const { deviceCommands } = await import('@rockpool/desktop/cli').catch(notInstalled);
    return deviceCommands;
  },
  async () => (await import('@rockpool/server/cli')).serverCommands,
];

/** A server's image holds no desktop client: not linked, or its manifest alone. */
const NOT_INSTALLED = /'@rockpool\/desktop'|desktop\/src\/cli\/command-group\.ts'/;

function notInstalled(error: unknown): { readonly deviceCommands: CommandGroup } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ERR_MODULE_NOT_FOUND' || !NOT_INSTALLED.test(String(error))) throw error;
  const title =
    'A device (agent, pools, say, send, receive): not in this installation, which is a server alone.';
  return { deviceCommands: { title, commands: [] } };
}

const stopping = Promise.withResolvers<void>();
const stop = () => {
  stopping.resolve();
  // Whatever hangs must not keep a supervisor waiting; nothing acknowledged is lost by this.
  setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
// The launcher's nodes hang on a channel to it: without the launcher they stop too.
process.once('disconnect', stop);
// Whoever reads our output may stop reading: `rockpool receive --follow | head -1`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    stop();
  });
}

process.exitCode = await runCli(loaders, {
  args: process.argv.slice(2),
  env: process.env,
  terminal: {
    out: (text) => void process.stdout.write(`${text}\n`),
    error: (text) => void process.stderr.write(`${text}\n`),
    interactive: process.stdout.isTTY === true,
    draw: process.stderr.isTTY === true ? (text) => void process.stderr.write(text) : undefined,
    columns: () => process.stderr.columns ?? COLUMNS_WITHOUT_TERMINAL,
    input: process.stdin,
    ...(askSecret === undefined ? {} : { askSecret }),
  },
  stopped: stopping.promise,
});
if (process.connected) process.disconnect();
// All is done. An input that was waited for, or the threads of closed connections, keep nothing up.
setTimeout(() => process.exit(), FINISHED_TIMEOUT_MS).unref();
process.stdin.unref?.();
