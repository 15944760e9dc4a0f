// A toy state machine: a command is a key, and apply counts how often the key was named. The reply is
// the new count; the event is the key. The command "-KEY" deletes the row.

import type { Applied, StateMachine } from '../src/ports.ts';

const MINUS = 0x2d;

export const counterMachine: StateMachine = {
  readSet: (_slot, command) => [keyOf(command)],
  apply: (rows, command): Applied => {
    const key = keyOf(command);
    const before = rows(key);
    const count = before === undefined ? 0 : Buffer.from(before).readUInt32BE();
    const value = Buffer.alloc(4);
    value.writeUInt32BE(count + 1);
    const isDelete = command[0] === MINUS;
    return { writes: [{ key, value: isDelete ? null : value }], reply: value, events: [key] };
  },
};

function keyOf(command: Uint8Array): Uint8Array {
  return command[0] === MINUS ? command.subarray(1) : command;
}
