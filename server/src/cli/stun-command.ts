// `rockpool stun`: only the STUN server, for a machine whose nodes sit behind address translation.

import { type CommandContext, readOptions, readPort, type Subcommand } from '@rockpool/cli';
import { StunError, startStunServer } from '@rockpool/stun';

const DEFAULT_PORT = '3478';

export const stunCommand: Subcommand = {
  name: 'stun',
  summary: 'runs only the STUN server',
  usage: [
    'rockpool stun [--port 3478] [--tcp] [--share-port] [--no-batches] [--address A,B --alternate-port 3479]',
    '',
    '  --tcp             answers over TCP too',
    '  --share-port      other processes that share have the same port',
    '  --address         IP addresses to listen on, by commas (else all)',
    '  --alternate-port  a second port: with two addresses, clients can test their NAT',
    '  --no-batches      receives and sends one datagram at a time, as on other systems than Linux',
  ].join('\n'),
  async run({ args, terminal, stopped }: CommandContext): Promise<number> {
    const options = readOptions(args, {
      port: { type: 'string', default: DEFAULT_PORT },
      tcp: { type: 'boolean', default: false },
      'share-port': { type: 'boolean', default: false },
      'no-batches': { type: 'boolean', default: false },
      address: { type: 'string' },
      'alternate-port': { type: 'string' },
    });
    const alternate = options['alternate-port'];
    const logger = {
      warn: (fields: object, message: string) => {
        terminal.error(JSON.stringify({ level: 'warn', message, ...fields }));
      },
    };
    try {
      const server = await startStunServer({
        port: readPort(options.port),
        tcp: options.tcp,
        sharePort: options['share-port'],
        batched: !options['no-batches'],
        ...(options.address === undefined ? {} : { addresses: options.address.split(',') }),
        ...(alternate === undefined ? {} : { alternatePort: readPort(alternate) }),
        logger,
      });
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
