// Makes a cluster once, in one place: realm, cluster id, node ids, incarnations, keys, and the first
// membership, which stands in every node's store at index 0 before any entry.

import { randomBytes } from 'node:crypto';
import type { Operation } from '@rockpool/storage';
import { toHex } from '../format/bytes.ts';
import { GROUPS_MAX } from '../format/group-records.ts';
import { DATA_VERSION, type StoreIdentity } from '../format/identity.ts';
import { NodeError } from '../node-error.ts';
import type { InitOptions, InitResult } from '../options.ts';
import { certificateFingerprint, makeNodeKey, type NodeKey } from '../peer/node-key.ts';
import { type NewNode, SLOTS, type SlotTable } from '../ports.ts';
import { LogStore } from '../store/log-store.ts';
import { openNodeStore } from '../store/node-store.ts';
import {
  hasNodeFile,
  prepareDataDir,
  storeLocation,
  writeNodeFile,
  writeNodeKey,
} from './node-files.ts';
import { nodeMistakes } from './node-mistakes.ts';
import { storeRows } from './store-rows.ts';

const SHARD_GROUPS = 16;
const SHARD_GROUPS_MAX = GROUPS_MAX - 1;

/**
 * Makes realm, cluster id, node keys and the first membership of one or three nodes. Refuses with
 * NODE_ALREADY_INITIALISED where any of the directories holds a node.
 */
export async function initCluster(options: InitOptions): Promise<InitResult> {
  const shardGroups = options.shardGroups ?? SHARD_GROUPS;
  checkOptions(options, shardGroups);
  for (const dataDir of options.dataDirs) await prepareDataDir(dataDir);
  const made = await drawNodes(options);
  const rows = firstRows(
    made.nodes.map(({ node }) => node),
    shardGroups,
  );
  for (const [at, { dataDir }] of made.nodes.entries()) {
    const store = await openNodeStore(storeLocation(dataDir));
    try {
      await LogStore.create(store, identityOf(made, at), rows);
    } finally {
      await store.close();
    }
  }
  return await finishNodes(made);
}

export interface MadeNode {
  readonly dataDir: string;
  readonly key: NodeKey;
  readonly node: NewNode;
}

export interface NewCluster {
  readonly clusterId: string;
  readonly realm: string;
  readonly nodes: readonly MadeNode[];
}

/** Ids, keys and incarnations that nobody had before. */
export async function drawNodes(
  options: Pick<InitOptions, 'dataDirs' | 'nodes' | 'realm'>,
): Promise<NewCluster> {
  const nodes: MadeNode[] = [];
  for (const [at, { name, peerAddress }] of options.nodes.entries()) {
    const id = toHex(randomBytes(16));
    const key = await makeNodeKey(id);
    const fingerprint = certificateFingerprint(key);
    const incarnation = toHex(randomBytes(16));
    const node = { id, name, peerAddress, fingerprint, incarnation };
    nodes.push({ dataDir: options.dataDirs[at] ?? '', key, node });
  }
  const realm = toHex(options.realm ?? randomBytes(32));
  return { clusterId: toHex(randomBytes(16)), realm, nodes };
}

export function identityOf({ clusterId, realm, nodes }: NewCluster, at: number): StoreIdentity {
  const { id: nodeId = '', incarnation = '' } = nodes[at]?.node ?? {};
  return { dataVersion: DATA_VERSION, clusterId, realm, nodeId, incarnation, bootNumber: 0 };
}

/** When the stores are filled; node.json comes last, in all directories, and says so. */
export async function finishNodes({ clusterId, realm, nodes }: NewCluster): Promise<InitResult> {
  for (const { dataDir, key } of nodes) await writeNodeKey(dataDir, key);
  for (const { dataDir, node } of nodes) {
    await writeNodeFile(dataDir, { clusterId, nodeId: node.id, name: node.name });
  }
  const infos = nodes.map(({ node: { id, name, peerAddress, fingerprint } }) => {
    return { id, name, peerAddress, fingerprint };
  });
  return { clusterId, realm, nodes: infos };
}

/** Whether initCluster finished in this directory. */
export function isInitialised(dataDir: string): Promise<boolean> {
  return hasNodeFile(dataDir);
}

/** The same in every store. All of the nodes vote in every group. */
export function firstRows(nodes: readonly NewNode[], shardGroups: number): Operation[] {
  const configuration = { voters: nodes.map(({ id }) => id), outgoing: [], learners: [] };
  return storeRows(nodes, evenSlotTable(shardGroups), configuration);
}

function evenSlotTable(shardGroups: number): SlotTable {
  const assignments = Array.from({ length: shardGroups }, (_, at) => ({
    first: Math.floor((at * SLOTS) / shardGroups),
    last: Math.floor(((at + 1) * SLOTS) / shardGroups) - 1,
    group: at + 1,
  }));
  return { epoch: 1, shardGroups, assignments };
}

export function checkOptions(options: InitOptions, shardGroups = SHARD_GROUPS): void {
  const { dataDirs, nodes, realm } = options;
  const mistakes: string[] = [];
  if (nodes.length !== 1 && nodes.length !== 3) mistakes.push('a cluster has one node or three');
  if (dataDirs.length !== nodes.length) mistakes.push('each node needs its data directory');
  if (new Set(dataDirs).size !== dataDirs.length) mistakes.push('data directories repeat');
  if (new Set(nodes.map((node) => node.name)).size !== nodes.length) mistakes.push('names repeat');
  for (const node of nodes) mistakes.push(...nodeMistakes(node));
  if (!Number.isInteger(shardGroups) || shardGroups < 1 || shardGroups > SHARD_GROUPS_MAX) {
    mistakes.push(`shard groups are 1 to ${SHARD_GROUPS_MAX}`);
  }
  if (realm !== undefined && realm.length !== 32) mistakes.push('a realm has 32 bytes');
  if (mistakes.length > 0) throw new NodeError('NODE_OPTIONS_INVALID', `${mistakes.join('; ')}.`);
}
