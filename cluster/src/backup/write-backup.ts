// A backup of all groups as they are on this node at one moment, byte by byte. Moments of several groups belong together
// when none of them applied anything since before all of them were known to be current: whatever a group
// shows was committed before that, and so was what it followed from in another group, which therefore shows it too.

import { createHash } from 'node:crypto';
import { ClusterError } from '../ports.ts';
import { chunksOf } from '../store/snapshot-chunks.ts';
import type { SnapshotHead, SnapshotRows } from '../store/snapshot-rows.ts';
import { type BackupHead, encodeChunk, encodeEnd, encodeHead } from './backup-format.ts';

/** On a cluster where people write at every moment a quiet one may take some tries. */
const TRIES_MAX = 500;
const NOTHING = new Uint8Array(0);

export interface BackupPorts {
  readonly groups: readonly number[];
  readonly realm: string;
  readonly clusterId: string;
  nowMs(): number;
  appliedIndex(group: number): number;
  /** Resolves once the group shows here all that was committed before the call. Rejects with ClusterError. */
  current(group: number): Promise<void>;
  /** The rows of all groups as they are on the disk at one moment. */
  cut(groups: readonly number[]): Promise<readonly SnapshotRows[]>;
}

interface Cut {
  readonly group: number;
  readonly rows: SnapshotRows;
  readonly head: SnapshotHead;
}

/** Rejects with ClusterError; what it resolves to is to be read to its end, or returned. */
export async function startBackup(ports: BackupPorts): Promise<AsyncGenerator<Uint8Array>> {
  const { realm, clusterId, nowMs } = ports;
  const cuts = await consistentCuts(ports);
  const groups = cuts.map(({ group, head: { base } }) => ({ group, base }));
  const bytes = writeBackup({ realm, clusterId, timeMs: nowMs(), groups }, cuts);
  await bytes.next();
  return bytes;
}

async function consistentCuts(ports: BackupPorts): Promise<readonly Cut[]> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const before = ports.groups.map((group) => ports.appliedIndex(group));
    await Promise.all(ports.groups.map((group) => ports.current(group)));
    const cuts = await cutAll(ports);
    if (cuts.every(({ head }, at) => head.base.index === before[at])) return cuts;
    await closeAll(cuts);
  }
  throw new ClusterError('CLUSTER_BUSY', 'No moment was quiet enough; try again later.');
}

async function cutAll({ groups, cut }: BackupPorts): Promise<readonly Cut[]> {
  const cuts = await cut(groups);
  try {
    return await Promise.all(
      cuts.map(async (rows, at) => ({ group: groups[at] ?? 0, rows, head: await rows.head() })),
    );
  } catch (error) {
    await Promise.all(cuts.map((rows) => rows.close()));
    throw error;
  }
}

/** Its first value is nothing: a generator closes what it holds only once it has begun. */
async function* writeBackup(head: BackupHead, cuts: readonly Cut[]): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  const hashed = (bytes: Uint8Array) => {
    hash.update(bytes);
    return bytes;
  };
  let chunks = 0;
  try {
    yield NOTHING;
    yield hashed(encodeHead(head));
    for (const {
      group,
      rows,
      head: { slots },
    } of cuts) {
      for await (const { bytes, isLast } of chunksOf(slots, rows)) {
        yield hashed(encodeChunk({ group, isLast, bytes }));
        chunks += 1;
      }
    }
    yield encodeEnd(chunks, hash.digest());
  } finally {
    await closeAll(cuts);
  }
}

async function closeAll(cuts: readonly Cut[]): Promise<void> {
  await Promise.all(cuts.map(({ rows }) => rows.close()));
}
