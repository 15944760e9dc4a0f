// Real processes, real disks, a real network that is torn: what clients were told must still be one story.
import { NODES } from '../kit/chaos/chaos-cluster.ts';
import { Namespaces } from '../kit/chaos/namespaces.ts';
import { ALL_FAULTS } from '../kit/chaos/nemesis.ts';
import { torment } from '../kit/chaos/torment.ts';
import type { Journey } from '../kit/journey.ts';

const MINUTES = 2;

export const journey: Journey = {
  name: 'chaos',
  summary:
    'three nodes are killed, paused and cut off from each other; histories stay linearizable',
  lacks: () => Namespaces.lacks(),
  async endure({ minutes = MINUTES, seed = Date.now() % 1_000_000 }, report) {
    const ground = await Namespaces.make(NODES.length);
    await torment({ ground, faults: ALL_FAULTS, minutes, seed, report });
  },
};
