// What this machine lacks to run three nodes that sync to a disk, ours or etcd's.
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { etcdVersion } from './etcd-cluster.ts';

const TMPFS = 0x0102_1994;

export async function lacksForNodes(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'CPU time is read from /proc, which only Linux has';
  if ((await statfs(tmpdir())).type !== TMPFS) return undefined;
  return `${tmpdir()} lies in memory, where a sync costs nothing; set TMPDIR to a directory on a disk`;
}

export async function lacksForEtcd(): Promise<string | undefined> {
  const lacks = await lacksForNodes();
  if (lacks !== undefined || (await etcdVersion()) !== undefined) return lacks;
  return 'etcd is not on the PATH; the Debian package etcd-server brings it';
}
