// `rockpool node`: runs one node until it is told to stop.

import { type CommandContext, type Subcommand, UsageError } from '@rockpool/cli';
import { NodeError } from '@rockpool/cluster';
import { loadConfig } from '../config.ts';
import { operatorWords } from '../operator-errors.ts';

export const nodeCommand: Subcommand = {
  name: 'node',
  summary: 'runs one node of a cluster (configured by environment or file)',
  usage: 'rockpool node',
  async run(context: CommandContext): Promise<number> {
    if (context.args.length > 0) throw new UsageError('rockpool node takes no options');
    const loaded = loadConfig(context.env);
    if (!loaded.ok) {
      context.terminal.error(
        operatorWords('CLI_CONFIG_INVALID', 'Rockpool cannot start with this configuration:'),
      );
      for (const problem of loaded.problems) context.terminal.error(`  ${problem}`);
      return 2;
    }
    const fatal = Promise.withResolvers<NodeError>();
    // Most of what a node is made of no other command needs.
    const { startNode } = await import('../app.ts');
    try {
      const node = await startNode({ config: loaded.config, onFatal: fatal.resolve });
      const failed = await Promise.race([fatal.promise, context.stopped]);
      await node.stop();
      if (failed === undefined) return 0;
      context.terminal.error(failed.message);
      return 1;
    } catch (error) {
      context.terminal.error(startFailure(error));
      return 1;
    }
  },
};

function startFailure(error: unknown): string {
  if (error instanceof NodeError && error.code === 'NODE_NOT_INITIALISED') {
    return `${error.message}\nMake the cluster first: rockpool init --help`;
  }
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    const words = 'Another program uses that port; choose another one: rockpool help.';
    return `${error.message}\n${operatorWords('CLI_NODE_PORT_IN_USE', words)}`;
  }
  return error instanceof Error ? error.message : String(error);
}
