import type { SocketPort } from '../src/ports.ts';
import { FAKE_ORIGIN, type FakeCluster } from './fake-cluster.ts';
import { FakeNodeSocket } from './fake-node-socket.ts';

/** Sockets to the nodes of a fake cluster; they belong to `owner`. */
export function fakeSockets(cluster: FakeCluster, owner: object): SocketPort {
  return {
    origin: FAKE_ORIGIN,
    open(path, events) {
      const name = path.match(/^\/n\/([^/]+)\/ws$/)?.[1];
      const fits = (each: { readonly up: boolean; readonly name: string }) =>
        each.up && (name === undefined || each.name === name);
      const node = cluster.nodes.find(fits);
      const nowhere = { id: new Uint8Array(16), name: '', up: false };
      const socket = new FakeNodeSocket(cluster, node ?? nowhere, events, owner);
      if (node === undefined) cluster.time.defer(() => events.onClose(1006));
      else {
        cluster.sockets.add(socket);
        cluster.time.defer(() => socket.greet());
      }
      return socket;
    },
  };
}
