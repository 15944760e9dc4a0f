// `rockpool doctor --network`: how the network of this device is, and its connections.

import { type CommandContext, readOptions, type Subcommand, UsageError } from '@rockpool/cli';
import { type ConnectionReport, connectionReport } from '@rockpool/client-core';
import { measureNetwork } from '../adapters/network.ts';
import { parseStunUrl } from '../adapters/stun-url.ts';
import { jsonLine } from '../plain-text.ts';
import { reportInWords } from './report-words.ts';
import { AGENT_OPTIONS, AGENT_OPTIONS_USAGE, EXIT, withAgent } from './with-agent.ts';

const SERVERS_MAX = 16;

export const doctorCommand: Subcommand = {
  name: 'doctor',
  summary: 'tests the network of this device, and how it reaches the others',
  usage: [
    'rockpool doctor --network [--stun URL,URL] [--json]',
    '',
    '  --network          the network and the connections of the running agent',
    '  --stun URL,URL     without an agent: only the network, by these servers (stun:HOST:PORT)',
    AGENT_OPTIONS_USAGE.replace('1 failed', '1 failed or found trouble'),
  ].join('\n'),
  async run(context: CommandContext): Promise<number> {
    const options = readOptions(context.args, {
      ...AGENT_OPTIONS,
      network: { type: 'boolean' },
      stun: { type: 'string' },
    });
    if (options.network !== true) throw new UsageError('say what to test: --network');
    let found: ConnectionReport | undefined;
    const show = (report: ConnectionReport) => {
      found = report;
      const { terminal } = context;
      terminal.out(
        options.json === true ? jsonLine({ event: 'network', ...report }) : reportInWords(report),
      );
    };
    const { stun } = options;
    const code =
      stun === undefined
        ? await withAgent(context, options, async ({ agent }) => {
            show((await agent.request({ op: 'check' })) as ConnectionReport);
          })
        : await withoutAgent(stun, show);
    return code === EXIT.done && found?.tone === 'bad' ? EXIT.failed : code;
  },
};

async function withoutAgent(
  list: string,
  show: (report: ConnectionReport) => void,
): Promise<number> {
  const urls = list.split(',').map((url) => url.trim());
  const wrong = urls.find((url) => parseStunUrl(url) === undefined);
  if (wrong !== undefined) throw new UsageError(`"${wrong}" is not stun:HOST:PORT`);
  if (urls.length > SERVERS_MAX) throw new UsageError(`at most ${SERVERS_MAX} servers`);
  const network = await measureNetwork(urls);
  show(connectionReport({ network, peers: [], serverOnline: true }));
  return EXIT.done;
}
