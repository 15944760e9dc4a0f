// A node with a key-value state machine, opened from the settings of `rockpool node`: chaos-node-main.ts SOCKET. It ends
// when its parent does, which holds its standard input.
import type { ClusterLogger } from '@rockpool/cluster';
import { kvMachineModule, serveKeyValue } from '@rockpool/cluster/testing';
import { loadConfig, openCluster } from '@rockpool/server';

const loaded = loadConfig(process.env);
if (!loaded.ok) throw new Error(loaded.problems.join('; '));
process.stdin.on('end', () => process.exit()).resume();
const cluster = await openCluster(loaded.config, {
  stateMachine: kvMachineModule,
  logger: lineLogger(),
  onFatal: (error) => {
    throw error;
  },
});
await serveKeyValue(cluster, process.argv[2] ?? '');

function lineLogger(): ClusterLogger {
  const line = (fields: object, message: string): void => {
    const at = new Date().toISOString();
    process.stdout.write(`${JSON.stringify({ at, ...fields, message })}\n`);
  };
  return { debug: () => {}, info: line, warn: line, error: line };
}
