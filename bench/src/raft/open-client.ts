import type { KeyValueClient } from '@rockpool/cluster/testing';
import { KvNodeClient } from '@rockpool/cluster/testing';
import { EtcdClient } from './etcd-client.ts';
import type { Target } from './store-cluster.ts';

/** One connection to a target, in the protocol of its store. */
export function openClient({ system, port, slot }: Target): Promise<KeyValueClient> {
  return system === 'etcd' ? EtcdClient.open(port) : KvNodeClient.open(port, slot);
}
