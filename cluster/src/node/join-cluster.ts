// Makes the data directory of a node that joins a running cluster: its key, an empty store that knows of
// nobody in any group, and the list of nodes as a member gave it. All else it is sent.

import { randomBytes } from 'node:crypto';
import { NOBODY } from '../core/configuration.ts';
import { toHex } from '../format/bytes.ts';
import { DATA_VERSION } from '../format/identity.ts';
import { NodeError } from '../node-error.ts';
import type { JoinOptions } from '../options.ts';
import { certificateFingerprint, makeNodeKey } from '../peer/node-key.ts';
import type { ClusterView, NewNode } from '../ports.ts';
import { LogStore } from '../store/log-store.ts';
import { openNodeStore } from '../store/node-store.ts';
import { prepareDataDir, storeLocation, writeNodeFile, writeNodeKey } from './node-files.ts';
import { nodeMistakes } from './node-mistakes.ts';
import { storeRows } from './store-rows.ts';

/**
 * `admit` is to bring the new node to a member, which calls members.add() or members.replace() and gives
 * back members.view(). Refuses with NODE_ALREADY_INITIALISED where the directory holds a node.
 */
export async function joinCluster(options: JoinOptions): Promise<NewNode> {
  const { dataDir, name, peerAddress, admit } = options;
  const mistakes = nodeMistakes({ name, peerAddress });
  if (mistakes.length > 0) throw new NodeError('NODE_OPTIONS_INVALID', `${mistakes.join('; ')}.`);
  await prepareDataDir(dataDir);
  const id = toHex(randomBytes(16));
  const key = await makeNodeKey(id);
  const incarnation = toHex(randomBytes(16));
  const fingerprint = certificateFingerprint(key);
  const node = { id, name, peerAddress, fingerprint, incarnation };
  const view = await admit(node);
  const store = await openNodeStore(storeLocation(dataDir));
  try {
    await LogStore.create(store, identityOf(view, node), rowsOf(view));
  } finally {
    await store.close();
  }
  await writeNodeKey(dataDir, key);
  await writeNodeFile(dataDir, { clusterId: view.clusterId, nodeId: id, name });
  return node;
}

function identityOf({ clusterId, realm }: ClusterView, { id, incarnation }: NewNode) {
  return { dataVersion: DATA_VERSION, clusterId, realm, nodeId: id, incarnation, bootNumber: 0 };
}

function rowsOf({ nodes, slotTable }: ClusterView) {
  return storeRows(nodes, slotTable, NOBODY);
}
