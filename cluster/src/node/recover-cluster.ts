// The way out when a majority of a cluster's disks is gone for good: the data of one node that is left becomes a cluster
// of its own, under a new id, so that the former nodes are refused should they come back. What a majority
// had acknowledged and this node never received is lost. It is one batch in the store, and then node.json.

import { randomBytes } from 'node:crypto';
import type { KeyValueStore, LastBatch, Operation } from '@rockpool/storage';
import { isVoter } from '../core/configuration.ts';
import type { Configuration } from '../core/entry.ts';
import { toHex } from '../format/bytes.ts';
import { encodeIdentity } from '../format/identity.ts';
import { KEY_KIND, storeKey } from '../format/store-key.ts';
import { CLUSTER_ROW, clusterRowKey } from '../meta/meta-records.ts';
import { MetaState } from '../meta/meta-state.ts';
import { NodeList } from '../meta/node-list.ts';
import { NodeError } from '../node-error.ts';
import { LogStore } from '../store/log-store.ts';
import type { GroupState } from '../store/verify-store.ts';
import {
  finishNodeFile,
  type NodeFile,
  readNextNodeFile,
  readNodeFiles,
  stageNodeFile,
} from './node-files.ts';
import { openOnDisk } from './open-on-disk.ts';
import { agreedIndex, type RecoveryOpening, recoveredLog } from './recovered-log.ts';

/** How much of a group a stopped node has. */
export interface GroupFigures {
  readonly group: number;
  /** The newest term that the node took part in. */
  readonly term: number;
  /** Of two logs the one with the higher last term is newer; of equal ones, the longer. */
  readonly lastTerm: number;
  readonly lastIndex: number;
  /** Up to here the node knows that a majority had it. */
  readonly commitIndex: number;
  readonly votes: boolean;
}

export interface NodeFigures {
  readonly dataDir: string;
  readonly clusterId: string;
  readonly name: string;
  readonly groups: readonly GroupFigures[];
}

interface Opened {
  readonly file: NodeFile;
  readonly store: LogStore;
  readonly groups: readonly GroupState[];
}

/** Reads and checks what a stopped node has, as its start does. Rejects with NodeError. */
export function inspectNode(dataDir: string): Promise<NodeFigures> {
  return withStore(dataDir, async (opened) => figuresOf(dataDir, opened));
}

/** Groups of which `other` has a newer log than `chosen`. */
export function groupsNewerIn(other: NodeFigures, chosen: NodeFigures): readonly number[] {
  const isNewer = (group: GroupFigures) => {
    const own = chosen.groups.find((each) => each.group === group.group);
    if (own === undefined || group.lastTerm !== own.lastTerm) {
      return group.lastTerm > (own?.lastTerm ?? -1);
    }
    return group.lastIndex > own.lastIndex;
  };
  return other.groups.filter(isNewer).map(({ group }) => group);
}

/**
 * Makes the stopped node of a directory the only one of a new cluster. A run that was cut short is finished by the
 * next one. Rejects with NodeError, and then nothing was changed.
 */
export async function recoverCluster(
  dataDir: string,
  opening?: RecoveryOpening,
): Promise<{ readonly clusterId: string }> {
  const clusterId = await withStore(dataDir, async (opened) => {
    const { file, store } = opened;
    // The batch was written, and node.json was not.
    if (store.identity.clusterId !== file.clusterId) return store.identity.clusterId;
    const figures = figuresOf(dataDir, opened);
    const without = figures.groups.find(({ votes }) => !votes);
    if (without !== undefined) throw new NodeError('RECOVER_NO_VOTE', `Group ${without.group}.`);
    const next = toHex(randomBytes(16));
    await stageNodeFile(dataDir, { ...file, clusterId: next });
    store.stage(await recoveredRecords(opened, next, opening), 'urgent');
    await store.settle();
    return next;
  });
  await finishNodeFile(dataDir);
  return { clusterId };
}

async function withStore<T>(dataDir: string, use: (opened: Opened) => Promise<T>): Promise<T> {
  const { file } = await readNodeFiles(dataDir);
  const { database, last } = await openOnDisk({ dataDir });
  try {
    const store = await openStore(database, last);
    await requireOwn(dataDir, file, store);
    const { slotTable } = new MetaState(await store.loadAll(KEY_KIND.clusterRow));
    const groups: GroupState[] = [];
    for (let group = 0; group <= slotTable.shardGroups; group += 1) {
      groups.push(await store.loadGroup(group));
    }
    return await use({ file, store, groups });
  } finally {
    await database.close();
    await last.close();
  }
}

function openStore(database: KeyValueStore, last: LastBatch): Promise<LogStore> {
  return LogStore.open(database, { onPoison: () => {}, last });
}

async function requireOwn(dataDir: string, file: NodeFile, { identity }: LogStore): Promise<void> {
  const isSame = identity.nodeId === file.nodeId && identity.clusterId === file.clusterId;
  if (isSame) return;
  const next = await readNextNodeFile(dataDir);
  const isHalfDone = next?.nodeId === identity.nodeId && next.clusterId === identity.clusterId;
  if (!isHalfDone) throw new NodeError('STORE_FOREIGN', dataDir);
}

function figuresOf(dataDir: string, { file, store, groups }: Opened): NodeFigures {
  const { nodeId, clusterId } = store.identity;
  const figures = groups.map((state, group) => {
    const { hardState, log } = state;
    const last = log.entries.at(-1) ?? log.base;
    return {
      group,
      term: hardState?.term ?? 0,
      lastTerm: last.term,
      lastIndex: last.index,
      commitIndex: agreedIndex(state),
      votes: isVoter(newestConfiguration(log), nodeId),
    };
  });
  return { dataDir, clusterId, name: file.name, groups: figures };
}

function newestConfiguration({ base, entries }: GroupState['log']): Configuration {
  const changed = entries.findLast(({ configuration }) => configuration !== undefined);
  return changed?.configuration ?? base.configuration;
}

async function recoveredRecords(
  { store, groups }: Opened,
  clusterId: string,
  opening: RecoveryOpening | undefined,
): Promise<readonly Operation[]> {
  const { identity } = store;
  const self = identity.nodeId;
  const rows = await store.loadAll(KEY_KIND.clusterRow);
  const fullDisks = rows.filter(([key]) => key[0] === CLUSTER_ROW.fullDisk);
  const peers = await store.loadAll(KEY_KIND.peer);
  return [
    { key: storeKey(KEY_KIND.identity), payload: encodeIdentity({ ...identity, clusterId }) },
    ...new NodeList(rows).keepOnly(self),
    // A node that is gone cannot say that its disk has room again.
    ...fullDisks.map(([key]) => ({
      key: clusterRowKey(CLUSTER_ROW.fullDisk, key.subarray(1)),
      payload: null,
    })),
    ...peers.map(([id]) => ({ key: storeKey(KEY_KIND.peer, 0, id), payload: null })),
    ...groups.flatMap((state, group) => recoveredLog(state, { group, self, clusterId, opening })),
  ];
}
