// Nodes side by side on loopback, for whoever is not root: processes can be killed and paused, but not cut off.
// Each process of ours has addresses of its own in 127.0.0.0/8, so that runs do not meet.
import type { Ground } from './ground.ts';

export const loopback: Ground = {
  addressOf(node) {
    const [high, low] = [Math.floor(process.pid / 256) % 256, process.pid % 256];
    return `127.${high}.${low}.${node + 10}`;
  },
  enter: () => [],
  async cutOnly(ways) {
    if (ways.length > 0) throw new Error('loopback cannot be cut');
  },
  async remove() {},
};
