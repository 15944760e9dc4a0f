// The checker beside the definition itself on small histories, and on what a register with one fault tells its clients.
import fc from 'fast-check';
import t from 'tap';
import { checkHistory } from '../../testing/linearizability/check-history.ts';
import {
  type Call,
  isExplained,
  type Operation,
  type Value,
  valueAfter,
} from '../../testing/linearizability/operation.ts';
import { Random } from '../../testing/sim/random.ts';

const VALUES = ['a', 'b', 'c'];
const value = fc.constantFrom(...VALUES);
const found = fc.constantFrom(undefined, ...VALUES);
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.constant<Call>({ kind: 'read' }),
  fc.record({ kind: fc.constant('put' as const), value }),
  fc.record({ kind: fc.constant('swap' as const), expected: found, value }),
);
const operation: fc.Arbitrary<Operation> = fc
  .record({ call, invokedAt: fc.nat(12), tookTime: fc.nat(6), found, isOpen: fc.nat(3) })
  .map(({ call, invokedAt, tookTime, found, isOpen }) => ({
    key: 'k',
    call,
    invokedAt,
    outcome: isOpen === 0 ? undefined : { returnedAt: invokedAt + tookTime, found },
  }));

/** Some order that respects time and explains every answer; what has no answer may be left out. */
function hasOrder(left: readonly Operation[], now: Value): boolean {
  if (left.every(({ outcome }) => outcome === undefined)) return true;
  return left.some((next) => {
    const isLate = left.some(({ outcome }) => outcome && outcome.returnedAt < next.invokedAt);
    if (isLate || !isExplained(next, now)) return false;
    return hasOrder(
      left.filter((other) => other !== next),
      valueAfter(next.call, now),
    );
  });
}

t.test('on small histories it says what trying every order says', async (t) => {
  let good = 0;
  let bad = 0;
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 6 }), (history) => {
      const expected = hasOrder(history, undefined);
      if (expected) good += 1;
      else bad += 1;
      return (checkHistory(history).verdict === 'linearizable') === expected;
    }),
    { numRuns: 5_000 },
  );
  t.ok(good > 100 && bad > 100, `${good} good and ${bad} bad histories`);
});

type Fault = 'none' | 'stale reads' | 'lost writes' | 'doubled writes';

/** What clients of one register hear: each call takes effect at a moment between its two ends. */
function historyOf(seed: number, fault: Fault): readonly Operation[] {
  const random = new Random(seed);
  const past: Value[] = [undefined];
  const again: string[] = [];
  const history: Operation[] = [];
  const callOf = (at: number): Call => {
    const kind = random.pick(['read', 'put', 'swap'] as const);
    if (kind === 'read') return { kind };
    if (kind === 'put') return { kind, value: `v${at}` };
    return {
      kind,
      expected: past.at(-random.between(1, Math.min(2, past.length))),
      value: `v${at}`,
    };
  };
  for (let at = 0; at < 120; at += 1) {
    const call = callOf(at);
    const faulty = fault !== 'none' && random.chance(0.1);
    const doubled = random.chance(0.3) ? again.pop() : undefined;
    if (doubled !== undefined) past.push(doubled);
    const back = faulty && fault === 'stale reads' && call.kind === 'read' ? 6 : 1;
    const seen = past.at(-Math.min(back, past.length));
    const after = valueAfter(call, past.at(-1));
    const changes = call.kind !== 'read' && after === call.value;
    if (changes && !(faulty && fault === 'lost writes')) past.push(after);
    if (changes && faulty && fault === 'doubled writes') again.push(call.value);
    // The moments lie 10 apart, and up to five calls overlap.
    const invokedAt = at * 10 - random.between(0, 25);
    const returnedAt = at * 10 + random.between(1, 25);
    const outcome = random.chance(0.1) ? undefined : { returnedAt, found: seen };
    history.push({ key: 'k', call, invokedAt, outcome });
  }
  return history;
}

t.test(
  'a sound register is approved; stale reads, lost and doubled writes are caught',
  async (t) => {
    const SEEDS = 30;
    const violated = (fault: Fault): number =>
      Array.from({ length: SEEDS }, (_, seed) => checkHistory(historyOf(seed, fault))).filter(
        ({ verdict }) => verdict === 'violated',
      ).length;
    t.equal(violated('none'), 0);
    for (const fault of ['stale reads', 'lost writes', 'doubled writes'] as const) {
      const caught = violated(fault);
      t.ok(caught > SEEDS / 2, `${fault}: caught with ${caught} of ${SEEDS} seeds`);
    }
  },
);
