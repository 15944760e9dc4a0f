// One outage: the node that leads most is killed, and a survivor is asked to write to each group that it led.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClient } from '../raft/open-client.ts';
import type { StoreCluster, Target } from '../raft/store-cluster.ts';

/**
 * Some requests are lost with the leader, and wait in vain for seconds: a new one is sent at this pace, and the first
 * that is acknowledged counts.
 */
const EVERY_MS = 20;
const TRIES_MAX = 3_000;

/** From the kill to the first committed write of the slowest of those groups. */
export async function outageMs(store: StoreCluster): Promise<number> {
  const [key, value] = [randomBytes(16), randomBytes(64)];
  let killedMs = 0;
  const orphaned = await store.killLeader(() => {
    killedMs = performance.now();
  });
  if (orphaned.length === 0) throw new Error('the killed node led nothing');
  await Promise.all(orphaned.map((target) => firstWrite(target, key, value)));
  return performance.now() - killedMs;
}

async function firstWrite(target: Target, key: Buffer, value: Buffer): Promise<void> {
  const client = await openClient(target);
  const done = Promise.withResolvers<void>();
  let isDone = false;
  const stop = () => {
    isDone = true;
    done.resolve();
  };
  try {
    for (let tries = 0; tries < TRIES_MAX && !isDone; tries += 1) {
      // A refusal is one of those that did not count.
      client.put(key, value).then(stop, () => {});
      await Promise.race([done.promise, sleep(EVERY_MS)]);
    }
    if (!isDone) throw new Error('nobody takes writes since the kill');
  } finally {
    client.close();
  }
}
