// One TLS socket between two Node processes on loopback, the limit for anything that encrypts here.
import { join } from 'node:path';
import type { Crossing } from './crossing.ts';
import { memoryCrossing } from './memory-crossing.ts';
import { startNodeMemoryEnd } from './node-memory-end.ts';

const TLS_END = join(import.meta.dirname, 'tls-end-main.ts');

export async function tlsCrossing(bytes: number): Promise<Crossing> {
  await using starting = new AsyncDisposableStack();
  const receiver = await startNodeMemoryEnd(TLS_END);
  starting.defer(() => receiver.stop());
  const sender = await startNodeMemoryEnd(TLS_END);
  starting.defer(() => sender.stop());
  await sender.ask('connect', await receiver.ask('listen'));
  const crossing = await memoryCrossing(sender, receiver, bytes);
  starting.move();
  return crossing;
}
