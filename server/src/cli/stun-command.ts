// `rockpool stun`: only the STUN server, for a machine whose nodes sit behind address translation.

import { type CommandContext, readOptions, readPort, type Subcommand } from '@rockpool/cli';
import { StunError, startStunServer } from '@rockpool/stun';

const DEFAULT_PORT = '3478';

export const stunCommand: Subcommand = {
  name: 'stun',
  summary: 'runs only the STUN server',
  usage: 'rockpool stun [--port 3478]',
  async run({ args, terminal, stopped }: CommandContext): Promise<number> {
    const options = readOptions(args, { port: { type: 'string', default: DEFAULT_PORT } });
    const logger = {
      warn: (fields: object, message: string) => {
        terminal.error(JSON.stringify({ level: 'warn', message, ...fields }));
      },
    };
    try {
      const server = await startStunServer({ port: readPort(options.port), logger });
      terminal.out(`STUN answers on port ${server.port} of ${server.addresses.join(', ')}`);
      await stopped;
      await server.close();
      return 0;
    } catch (error) {
      if (!(error instanceof StunError)) throw error;
      terminal.error(error.message);
      return 1;
    }
  },
};
