// The state machine of the nodes that benches measure and journeys torment. Applying a put reads nothing and puts one
// row: as little as etcd does for a Put, so that a bench measures logs.
import type { MachineModule } from '../../src/options.ts';
import type { StateMachine } from '../../src/ports.ts';
import { decodeCommand, encodeFound, isSwap } from './kv-command.ts';

const NOTHING = new Uint8Array(0);

export const kvMachine: StateMachine = {
  readSet(_slot, command) {
    const decoded = isSwap(command) ? decodeCommand(command) : undefined;
    return decoded === undefined ? [] : [decoded.key];
  },
  apply(rows, command) {
    const decoded = decodeCommand(command);
    if (decoded === undefined) return { writes: [], reply: NOTHING, events: [] };
    const { key, value, swap } = decoded;
    if (swap === undefined) return { writes: [{ key, value }], reply: NOTHING, events: [] };
    const found = rows(key);
    const { expected } = swap;
    const isExpected =
      found === undefined || expected === undefined ? found === expected : expected.equals(found);
    return { writes: isExpected ? [{ key, value }] : [], reply: encodeFound(found), events: [] };
  },
};

/** For nodes that run in a thread of their own. */
export const kvMachineModule: MachineModule = { url: import.meta.url, name: 'kvMachine' };
