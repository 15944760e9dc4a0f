// The state machine of the full world: the key-value store, and beside it in each slot a row that counts what was
// applied there, by the rule version of each entry, and the newest few counts as rows that come and go. An entry that
// is applied twice, left out, or applied by another rule shows in it, and so does a row that should be gone.

import type { StateMachine } from '../../../src/ports.ts';
import { kvMachine } from '../../key-value/kv-machine.ts';

const COUNT_KEY = new Uint8Array(Buffer.from('count'));
const PASSING_KEPT = 8;
const PASSING_BYTES = 40;

export const stackMachine: StateMachine = {
  readSet: (slot, command) => [COUNT_KEY, ...kvMachine.readSet(slot, command)],
  apply: (rows, command, context) => {
    const applied = kvMachine.apply(rows, command, context);
    const before = rows(COUNT_KEY);
    const past = before === undefined ? 0 : Buffer.from(before).readUInt32BE();
    const count = past + context.ruleVersion;
    const value = Buffer.alloc(PASSING_BYTES);
    value.writeUInt32BE(count);
    const passed = Array.from({ length: context.ruleVersion }, (_, at) => ({
      key: passingKey(past + 1 + at - PASSING_KEPT),
      value: null,
    }));
    const writes = [{ key: COUNT_KEY, value }, { key: passingKey(count), value }, ...passed];
    return { ...applied, writes: [...applied.writes, ...writes] };
  },
};

function passingKey(count: number): Uint8Array {
  return new Uint8Array(Buffer.from(`passing ${count}`));
}
