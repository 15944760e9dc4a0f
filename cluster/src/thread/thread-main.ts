// The thread of a node: opens it with the state machine of the module that it was told, and serves it to its parent.

import { parentPort, workerData } from 'node:worker_threads';
import { startCluster } from '../node/start-cluster.ts';
import { NodeError } from '../node-error.ts';
import type { MachineModule, ThreadOptions } from '../options.ts';
import type { StateMachine } from '../ports.ts';
import { carry } from './carried-error.ts';
import { loggerTo } from './log-lines.ts';
import { ClusterService } from './serve-cluster.ts';

if (parentPort === null) throw new Error('this file is run by start-cluster-thread.ts');
const service = new ClusterService(parentPort);
const { port } = service;
const { stateMachine, ...options } = workerData as Omit<ThreadOptions, 'logger' | 'onFatal'>;
try {
  const cluster = await startCluster({
    ...options,
    stateMachine: await load(stateMachine),
    logger: loggerTo(port),
    onFatal: (error) => port.post(['fatal', carry(error)]),
  });
  await service.start(cluster);
} catch (error) {
  port.post(['notStarted', carry(error)]);
}

async function load({ url, name }: MachineModule): Promise<StateMachine> {
  const module: Record<string, unknown> = await import(url);
  const machine = module[name];
  if (machine !== undefined) return machine as StateMachine;
  throw new NodeError('NODE_OPTIONS_INVALID', `${url} exports no state machine "${name}".`);
}
