// What the tests of other packages may use of the cluster's simulation.

export { chainChecksum } from './sim/chain-checksum.ts';
export { runSeeds, type SeedsResult } from './sim/run-seeds.ts';
export { runSimulation, type SimulationOptions, type SimulationResult } from './sim/simulation.ts';
