// One end of a transfer by the engine: a device of a member of the pool.
import type { CpuByProcess } from './cpu-by-process.ts';

export interface Member {
  /** A new pool of its own; answers an invite link. */
  createPool(): Promise<string>;
  /** Resolves once the other device is reached directly. */
  connected(): Promise<void>;
  /** Takes a file into the device's store and offers it to the pool. */
  offer(path: string): Promise<void>;
  /** Resolves once an offer of that name is shown here, from when on it is fetched. */
  begins(name: string): Promise<void>;
  /** How long it took from then until the engine says that it is complete, in milliseconds. */
  completes(): Promise<number>;
  /** SHA-256 in hex of the file as this device has it. */
  digest(name: string): Promise<string>;
  cpu(): Promise<CpuByProcess>;
  stop(): Promise<void>;
}

/** How a device comes to a new account: by a first-admin link, or by an invite into a pool. */
export type Arrive = (link: string) => Promise<Member>;
