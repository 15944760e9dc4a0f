// A node of this thread as another thread would see it, over a channel of its own.

import { MessageChannel } from 'node:worker_threads';
import type { Cluster } from '../src/ports.ts';
import { BatchedPort } from '../src/thread/batched-port.ts';
import type { FromNode, ToNode } from '../src/thread/messages.ts';
import { RemoteCluster } from '../src/thread/remote-cluster.ts';
import { ClusterService } from '../src/thread/serve-cluster.ts';

export async function remoteOf(cluster: Cluster): Promise<RemoteCluster> {
  const { port1, port2 } = new MessageChannel();
  const started = Promise.withResolvers<RemoteCluster>();
  let remote: RemoteCluster | undefined;
  const port = new BatchedPort<ToNode, FromNode>(port2, {
    received: (message) => {
      switch (message[0]) {
        case 'started': {
          const close = async () => port2.close();
          remote = new RemoteCluster(message[1], { port, close });
          started.resolve(remote);
          return;
        }
        case 'notStarted':
        case 'fatal':
        case 'log':
          throw new Error(`said by a thread alone: ${message[0]}`);
        default:
          remote?.received(message);
      }
    },
  });
  await new ClusterService(port1).start(cluster);
  return await started.promise;
}
