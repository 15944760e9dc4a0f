// The state machine of the measured nodes: a command is one row, and applying it puts the row. It is as little
// as etcd does for a Put, so that both measure their logs.
import type { StateMachine } from '@rockpool/cluster';
import { decodeRows } from './kv-frames.ts';

const NOTHING = new Uint8Array(0);

export const kvMachine: StateMachine = {
  readSet: () => [],
  apply(_rows, command) {
    const { buffer, byteOffset, byteLength } = command;
    const writes = decodeRows(Buffer.from(buffer, byteOffset, byteLength)) ?? [];
    return { writes, reply: NOTHING, events: [] };
  },
};
