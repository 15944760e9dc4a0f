// What the tests, benches and journeys of other packages may use of the cluster's: the simulation, the checker of
// histories, and a key-value store on real nodes.

export { DamagedNode, isHonest } from './damaged-node.ts';
export { BatchedSocket } from './key-value/batched-socket.ts';
export { type FrameShape, frameBuffer } from './key-value/frame-buffer.ts';
export { type KeyValue, type KeyValueClient, PAGE_ROWS_MAX } from './key-value/key-value-client.ts';
export { kvMachineModule } from './key-value/kv-machine.ts';
export { KvNodeClient, type KvNodeState, KvRefusal } from './key-value/kv-node-client.ts';
export { serveKeyValue } from './key-value/serve-key-value.ts';
export { checkHistory, type HistoryVerdict } from './linearizability/check-history.ts';
export type { Call, Operation, Value } from './linearizability/operation.ts';
export { chainChecksum } from './sim/chain-checksum.ts';
export { Random } from './sim/random.ts';
export { runSimulation, type SimulationOptions, type SimulationResult } from './sim/simulation.ts';
export { type WrittenAlone, writeAlone } from './unconfirmed-entries.ts';
