// The state machine of the full world: the key-value store, and beside it one row in each slot that counts
// what was applied there, by the rule version of each entry. An entry that is applied twice, left out, or
// applied by another rule shows in it.

import type { StateMachine } from '../../../src/ports.ts';
import { kvMachine } from '../../key-value/kv-machine.ts';

const COUNT_KEY = new Uint8Array(Buffer.from('count'));

export const stackMachine: StateMachine = {
  readSet: (slot, command) => [COUNT_KEY, ...kvMachine.readSet(slot, command)],
  apply: (rows, command, context) => {
    const applied = kvMachine.apply(rows, command, context);
    const before = rows(COUNT_KEY);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(
      (before === undefined ? 0 : Buffer.from(before).readUInt32BE()) + context.ruleVersion,
    );
    return { ...applied, writes: [...applied.writes, { key: COUNT_KEY, value: count }] };
  },
};
