// Entry point of `rockpool`, started by rockpool.cjs. The only file of the command line that touches
// the process: arguments, environment, terminal, signals, exit code.

import { runCli } from './run-cli.ts';

const STOP_TIMEOUT_MS = 15_000;

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

process.exitCode = await runCli({
  args: process.argv.slice(2),
  env: process.env,
  terminal: {
    out: (text) => void process.stdout.write(`${text}\n`),
    error: (text) => void process.stderr.write(`${text}\n`),
    interactive: process.stdout.isTTY === true,
  },
  stopped: stopping.promise,
});
if (process.connected) process.disconnect();
