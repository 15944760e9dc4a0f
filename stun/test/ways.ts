/* One suite for every way of answering over UDP that this machine has. */
import t, { type Test } from 'tap';
import { platformHasBatches } from '../src/batched/libc.ts';
import { type StunServer, type StunServerOptions, startStunServer } from '../src/server.ts';

/** Starts a server of the way under test. */
export type Start = (options: StunServerOptions) => Promise<StunServer>;

export function forEachWay(suite: (t: Test, start: Start) => void): void {
  for (const batched of platformHasBatches() ? [false, true] : [false]) {
    t.test(batched ? 'in batches' : 'one datagram at a time', async (t) => {
      suite(t, async (options) => {
        const server = await startStunServer({ ...options, batched });
        t.equal(server.batched, batched, 'it is the way under test');
        return server;
      });
    });
  }
}
