// Makes a cluster once, in one place: realm, cluster id, node ids, incarnations, keys, and the first
// membership, which stands in every node's store at index 0 before any entry.

import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import type { Operation } from '@rockpool/storage';
import { ByteWriter, toHex } from '../format/bytes.ts';
import { encodeGroupSlots, encodeLogBase } from '../format/group-records.ts';
import { DATA_VERSION, type StoreIdentity } from '../format/identity.ts';
import { KEY_KIND, storeKey } from '../format/store-key.ts';
import {
  CLUSTER_ROW,
  clusterRowKey,
  encodeNode,
  encodeSlotTable,
  FEATURE_LEVEL,
  type MemberNode,
  nodeRowKey,
  type SlotTable,
} from '../meta/meta-records.ts';
import { NodeError } from '../node-error.ts';
import type { InitOptions, InitResult } from '../options.ts';
import { fingerprintOf, makeNodeKey, type NodeKey } from '../peer/node-key.ts';
import { parseAddress } from '../peer/peer-ports.ts';
import { SLOTS } from '../ports.ts';
import { LogStore } from '../store/log-store.ts';
import { openNodeStore } from '../store/node-store.ts';
import {
  hasNodeFile,
  prepareDataDir,
  storeLocation,
  writeNodeFile,
  writeNodeKey,
} from './node-files.ts';

const SHARD_GROUPS = 16;
const SHARD_GROUPS_MAX = 1_024;
const NAME = /^[a-z0-9-]{1,32}$/i;

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

export interface NewNode {
  readonly dataDir: string;
  readonly key: NodeKey;
  readonly node: MemberNode;
}

export interface NewCluster {
  readonly clusterId: string;
  readonly realm: string;
  readonly nodes: readonly NewNode[];
}

/** Ids, keys and incarnations that nobody had before. */
export async function drawNodes(
  options: Pick<InitOptions, 'dataDirs' | 'nodes' | 'realm'>,
): Promise<NewCluster> {
  const nodes: NewNode[] = [];
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

/** The same in every store: membership, slot table, and what each group starts from. */
export function firstRows(nodes: readonly MemberNode[], shardGroups: number): Operation[] {
  const table = evenSlotTable(shardGroups);
  const rows: Operation[] = nodes.map((node) => {
    return { key: nodeRowKey(node.id), payload: encodeNode(node) };
  });
  rows.push({ key: clusterRowKey(CLUSTER_ROW.slotTable), payload: encodeSlotTable(table) });
  rows.push({
    key: clusterRowKey(CLUSTER_ROW.featureLevel),
    payload: new ByteWriter(2).u16(FEATURE_LEVEL).finish(),
  });
  for (let group = 0; group <= shardGroups; group += 1) {
    const ranges = table.assignments.filter((assignment) => assignment.group === group);
    const slots = encodeGroupSlots({ epoch: table.epoch, ranges });
    const start = encodeLogBase({ index: 0, term: 0, checksum: 0, entryTimeMs: 0 });
    rows.push({ key: storeKey(KEY_KIND.slots, group), payload: slots });
    rows.push({ key: storeKey(KEY_KIND.logBase, group), payload: start });
    rows.push({ key: storeKey(KEY_KIND.applied, group), payload: start });
  }
  return rows;
}

function evenSlotTable(shardGroups: number): SlotTable {
  const assignments = Array.from({ length: shardGroups }, (_, at) => ({
    first: Math.floor((at * SLOTS) / shardGroups),
    last: Math.floor(((at + 1) * SLOTS) / shardGroups) - 1,
    group: at + 1,
  }));
  return { epoch: 1, shardGroups, assignments };
}

function certificateFingerprint(key: NodeKey): string {
  const certificate = new X509Certificate(key.certificate);
  if (!certificate.checkPrivateKey(createPrivateKey(key.key)))
    throw new Error('key and certificate differ');
  return fingerprintOf(certificate.raw);
}

export function checkOptions(options: InitOptions, shardGroups = SHARD_GROUPS): void {
  const { dataDirs, nodes, realm } = options;
  const mistakes: string[] = [];
  if (nodes.length !== 1 && nodes.length !== 3) mistakes.push('a cluster has one node or three');
  if (dataDirs.length !== nodes.length) mistakes.push('each node needs its data directory');
  if (new Set(dataDirs).size !== dataDirs.length) mistakes.push('data directories repeat');
  if (new Set(nodes.map((node) => node.name)).size !== nodes.length) mistakes.push('names repeat');
  for (const { name, peerAddress } of nodes) {
    if (!NAME.test(name)) mistakes.push(`the name ${name} has other than letters, digits, dashes`);
    const address = parseAddress(peerAddress);
    if (address === undefined || peerAddress.length > 255) {
      mistakes.push(`${peerAddress} is not host:port`);
    }
  }
  if (!Number.isInteger(shardGroups) || shardGroups < 1 || shardGroups > SHARD_GROUPS_MAX) {
    mistakes.push(`shard groups are 1 to ${SHARD_GROUPS_MAX}`);
  }
  if (realm !== undefined && realm.length !== 32) mistakes.push('a realm has 32 bytes');
  if (mistakes.length > 0) throw new NodeError('NODE_OPTIONS_INVALID', `${mistakes.join('; ')}.`);
}
