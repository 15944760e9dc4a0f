// An election is no result of this bench but its failure.
import t from 'tap';
import { sampleOf } from '../src/reconnect/reconnect-bench.ts';

const REPORT = { secondsToCome: 2, secondsToReturn: 1, retries: 0 };
const STANDING = { terms: 17, leaders: ['a', 'b'], commits: 100, loopLagMs: 5 };

t.test('an election, another leader or silence is a failure', async (t) => {
  const after = { ...STANDING, commits: 130, loopLagMs: 40 };
  t.same(sampleOf(REPORT, STANDING, after), {
    ...REPORT,
    elections: 0,
    commits: 30,
    loopLagMs: 40,
  });
  t.throws(() => sampleOf(REPORT, STANDING, { ...after, terms: 18 }), /1 terms began/);
  t.throws(() => sampleOf(REPORT, STANDING, { ...after, leaders: ['a', 'c'] }), /terms began/);
  t.throws(() => sampleOf(REPORT, STANDING, STANDING), /nothing was committed/);
});
