// Every place that a disk can damage, one after another: a node refuses to start with a code, or serves all that
// was acknowledged.
import { DamagedNode, isHonest } from '@rockpool/cluster/testing';
import type { Journey } from '../kit/journey.ts';

const FLIPS_OF_FILE = 400;

export const journey: Journey = {
  name: 'disk',
  summary: 'the log of a node is cut at every byte, and bits of all its files are flipped',
  // Ten minutes that need neither a browser nor anything that could be missing.
  lacks: async () => undefined,
  async endure({ seed = Date.now() % 1_000_000 }, report) {
    const node = await DamagedNode.make();
    try {
      const damages = [
        ...(await node.cutsOfNewestLog(1)),
        ...(await node.flips(FLIPS_OF_FILE, seed)),
      ];
      report(`${damages.length} damages, seed ${seed}`);
      const verdicts = new Map<string, number>();
      for (const damage of damages) {
        const verdict = await node.judge(damage);
        if (!isHonest(verdict)) throw new Error(`${damage.file}: ${damage.what}: ${verdict}`);
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      }
      for (const [verdict, count] of verdicts) report(`${verdict}: ${count}`);
    } finally {
      await node.remove();
    }
  },
};
