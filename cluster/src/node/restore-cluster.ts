// Makes a cluster out of a backup, once, in one place: the realm and all rows are those of the backup; cluster id, nodes,
// keys and incarnations are new, so that nodes of the former cluster are refused wherever they turn up.

import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import type { KeyValueStore, Operation } from '@rockpool/storage';
import type { BackupHead } from '../backup/backup-format.ts';
import { type BackupPart, readBackup } from '../backup/read-backup.ts';
import type { Configuration } from '../core/entry.ts';
import { fromHex } from '../format/bytes.ts';
import { decodeGroupSlots, encodeHardState, encodeLogBase } from '../format/group-records.ts';
import { chained, encodeLogEntries } from '../format/log-entry.ts';
import { entryKey, HEAD_BYTES, KEY_KIND, storeKey } from '../format/store-key.ts';
import { CLUSTER_ROW, encodeNode, nodeRowKey } from '../meta/meta-records.ts';
import { NodeError } from '../node-error.ts';
import type { InitNode, InitResult } from '../options.ts';
import { LogStore } from '../store/log-store.ts';
import { openNodeStore } from '../store/node-store.ts';
import { checkOptions, drawNodes, finishNodes, identityOf, type MadeNode } from './init-cluster.ts';
import { storeLocation } from './node-files.ts';
import { type OpeningCommand, openingEntries } from './opening-command.ts';

/** Of the cluster's own rows these live on; the nodes are new. */
const KEPT_ROWS: ReadonlySet<number> = new Set([CLUSTER_ROW.slotTable, CLUSTER_ROW.featureLevel]);

export interface RestoreOptions {
  readonly file: string;
  /** One directory for each node, in the order of `nodes`; empty, or not there. */
  readonly dataDirs: readonly string[];
  /** One node or three. */
  readonly nodes: readonly InitNode[];
  /** Bytes read so far; the file is read twice. */
  readonly onProgress?: (what: 'verifying' | 'restoring', bytes: number) => void;
  readonly opening?: OpeningCommand;
}

export interface VerifiedBackup {
  readonly head: BackupHead;
  readonly rows: number;
  readonly bytes: number;
}

/** Reads all of it. Rejects with BACKUP_DAMAGED, which names the place, or BACKUP_VERSION. */
export async function verifyBackup(
  source: AsyncIterable<Uint8Array>,
  onPart: (part: BackupPart) => void = () => {},
): Promise<VerifiedBackup> {
  let [rows, bytes] = [0, 0];
  let head: BackupHead | undefined;
  for await (const part of readBackup(source)) {
    if (part.kind === 'head') head = part.head;
    if (part.kind === 'rows') rows += part.rows.length;
    bytes = part.bytes;
    onPart(part);
  }
  if (head === undefined) throw new NodeError('BACKUP_DAMAGED', 'At byte 0, the head.');
  return { head, rows, bytes };
}

/** Rejects with NodeError: on any damage, or where a directory holds anything, before anything is written. */
export async function restoreCluster(options: RestoreOptions): Promise<InitResult> {
  const { file, dataDirs, nodes, onProgress, opening } = options;
  checkOptions({ dataDirs, nodes });
  for (const dataDir of dataDirs) await requireEmpty(dataDir);
  const { head } = await verifyBackup(createReadStream(file), ({ bytes }) =>
    onProgress?.('verifying', bytes),
  );
  const made = await drawNodes({ dataDirs, nodes, realm: fromHex(head.realm) });
  const stores: KeyValueStore[] = [];
  try {
    for (const { dataDir } of made.nodes) stores.push(await openNodeStore(storeLocation(dataDir)));
    const filling = stores.map((store, at) => LogStore.fill(store, identityOf(made, at)));
    const write = async (operations: readonly Operation[]) => {
      await Promise.all(filling.map((fill) => fill(operations)));
    };
    await write(made.nodes.map(nodeRow));
    const voters = made.nodes.map(({ node }) => node.id);
    const configuration = { voters, outgoing: [], learners: [] };
    const { clusterId } = made;
    for await (const part of readBackup(createReadStream(file))) {
      if (part.kind === 'rows') await write(keptRows(part.rows));
      if (part.kind === 'groupEnd') {
        await write(groupRecords(part, configuration, { clusterId, opening }));
      }
      onProgress?.('restoring', part.bytes);
    }
  } finally {
    for (const store of stores) await store.close();
  }
  return await finishNodes(made);
}

async function requireEmpty(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if ((await readdir(dataDir)).length > 0) throw new NodeError('BACKUP_TARGET_NOT_EMPTY', dataDir);
}

function nodeRow({ node }: MadeNode): Operation {
  return { key: nodeRowKey(node.id), payload: encodeNode(node) };
}

function keptRows(rows: Extract<BackupPart, { kind: 'rows' }>['rows']): readonly Operation[] {
  const kept = rows.filter(([key]) => {
    return key[0] !== KEY_KIND.clusterRow || KEPT_ROWS.has(key[HEAD_BYTES] ?? 0);
  });
  return kept.map(([key, payload]) => ({ key, payload }));
}

interface NewLog {
  readonly clusterId: string;
  readonly opening: OpeningCommand | undefined;
}

/** The log goes on behind what the rows show; its entries are gone, and so are those who took part. */
function groupRecords(
  { group: { group, base: former }, slots: record }: Extract<BackupPart, { kind: 'groupEnd' }>,
  configuration: Configuration,
  { clusterId, opening }: NewLog,
): readonly Operation[] {
  const slots = decodeGroupSlots(record);
  if (slots === undefined) throw new Error('a backup is read as a whole before');
  const base = { ...former, configuration };
  const entries = chained(base, openingEntries(opening, { group, slots, clusterId }, base));
  const commit = base.index + entries.length;
  const hardState = { term: base.term, vote: undefined, commit };
  return [
    { key: storeKey(KEY_KIND.slots, group), payload: record },
    { key: storeKey(KEY_KIND.logBase, group), payload: encodeLogBase(base) },
    { key: storeKey(KEY_KIND.applied, group), payload: encodeLogBase(base) },
    ...entries.map((entry) => ({
      key: entryKey(group, entry.index),
      payload: encodeLogEntries([entry]),
    })),
    { key: storeKey(KEY_KIND.hardState, group), payload: encodeHardState(hardState) },
  ];
}
