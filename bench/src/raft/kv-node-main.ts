// A node of the cluster as `rockpool node` opens it, from the same settings, with a key-value state machine in
// place of the directory, and a TCP port for the load: kv-node-main.ts PORT.
import type { ClusterLogger } from '@rockpool/cluster';
import { kvMachineModule, serveKeyValue } from '@rockpool/cluster/testing';
import { loadConfig, openCluster } from '@rockpool/server';

const loaded = loadConfig(process.env);
if (!loaded.ok) throw new Error(loaded.problems.join('; '));
const fatal = (error: Error): void => {
  throw error;
};
const cluster = await openCluster(loaded.config, {
  stateMachine: kvMachineModule,
  logger: consoleLogger(),
  onFatal: fatal,
});
const server = await serveKeyValue(cluster, Number(process.argv[2]));
// The bench kills; whoever profiles asks, so that the profile is written.
process.once('SIGTERM', () => {
  server.close();
  void cluster.stop().then(() => process.exit());
});

/** What a node would log at its usual level. */
function consoleLogger(): ClusterLogger {
  const line = (fields: object, message: string): void => {
    process.stdout.write(`${JSON.stringify({ ...fields, message })}\n`);
  };
  return { debug: () => {}, info: line, warn: line, error: line };
}
