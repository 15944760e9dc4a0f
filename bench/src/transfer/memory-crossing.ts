// Bytes from one process' memory to another's, over whatever the two ends share: the peers of the engine.
import type { CpuByProcess } from './cpu-by-process.ts';
import type { Crossing } from './crossing.ts';

export interface MemoryEnd {
  /** The sender makes its bytes, which it sends when the other end says so; answers their SHA-256 in hex. */
  fill(bytes: number): Promise<string>;
  /** The receiver makes room, lets the other end begin, and counts from now on. */
  expect(bytes: number): Promise<void>;
  /** How long it took until all of them were in that room, in milliseconds. */
  arrived(): Promise<number>;
  digest(): Promise<string>;
  cpu(): Promise<CpuByProcess>;
  stop(): Promise<void>;
}

/** Over two ends that are connected already. */
export async function memoryCrossing(
  sender: MemoryEnd,
  receiver: MemoryEnd,
  bytes: number,
): Promise<Crossing> {
  const sent = await sender.fill(bytes);
  return {
    begin: () => receiver.expect(bytes),
    arrived: () => receiver.arrived(),
    digests: async () => ({ sent, held: await receiver.digest() }),
    cpu: async () => new Map([...(await sender.cpu()), ...(await receiver.cpu())]),
    stop: async () => void (await Promise.all([sender.stop(), receiver.stop()])),
  };
}
