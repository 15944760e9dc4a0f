// A file from one member's device to another's, over a real cluster of one node. Bytes come from a file on
// the sender's disk, which its engine has taken into its own store, and end in the receiver's store.
import { randomFillSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { digest, RunningCluster } from '@rockpool/e2e';
import type { Crossing } from './crossing.ts';
import type { Arrive } from './engine-member.ts';

export async function engineCrossing(
  [from, to]: readonly [from: Arrive, to: Arrive],
  bytes: number,
): Promise<Crossing> {
  await using starting = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-bench-file-'));
  starting.defer(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'measured.bin');
  await writeFile(path, randomFillSync(Buffer.allocUnsafe(bytes)));
  const cluster = await RunningCluster.start({ nodes: 1 });
  starting.defer(() => cluster.discard());
  const sender = await from(await cluster.firstAdminLink());
  starting.defer(() => sender.stop());
  const receiver = await to(await sender.createPool());
  starting.defer(() => receiver.stop());
  await Promise.all([sender.connected(), receiver.connected()]);
  const started = starting.move();
  const name = basename(path);
  return {
    async begin() {
      await Promise.all([receiver.begins(name), sender.offer(path)]);
    },
    arrived: () => receiver.completes(),
    digests: async () => ({ sent: await digest(path), held: await receiver.digest(name) }),
    cpu: async () => new Map([...(await sender.cpu()), ...(await receiver.cpu())]),
    stop: () => started.disposeAsync(),
  };
}
