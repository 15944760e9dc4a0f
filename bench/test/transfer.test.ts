// A transfer counts only when it arrived bit for bit, both ends are stopped whatever happens, and real
// bytes cross between real processes.
import { createHash } from 'node:crypto';
import t from 'tap';
import { ArrivingBytes } from '../src/transfer/arriving-bytes.ts';
import { bareAgent, bareCrossing } from '../src/transfer/bare-crossing.ts';
import { cpuOf, cpuSpent } from '../src/transfer/cpu-by-process.ts';
import { type Crossing, measureCrossing } from '../src/transfer/crossing.ts';
import { heldCandidates } from '../src/transfer/held-candidates.ts';
import { tlsCrossing } from '../src/transfer/tls-crossing.ts';
import { transferBench } from '../src/transfer/transfer-bench.ts';

const MIB = 2 ** 20;
/** No process has it: the kernel gives out smaller ones. */
const NO_PID = 2 ** 30;

function crossing(changes: Partial<Crossing> = {}): Crossing & { stops: number } {
  let reads = 0;
  return {
    stops: 0,
    begin: async () => {},
    arrived: async () => 2000,
    digests: async () => ({ sent: 'same', held: 'same' }),
    cpu: async () => new Map([[1, reads++ * 0.5]]),
    async stop() {
      this.stops += 1;
    },
    ...changes,
  };
}

t.test('a transfer is told in MiB per second and CPU seconds per GiB', async (t) => {
  const whole = crossing();
  t.same(await measureCrossing(whole, 64 * MIB), { mibPerSecond: 32, cpuPerGib: 8 });
  t.equal(whole.stops, 1);
});

t.test(
  'bytes that arrive changed are a failure and no figure, and both ends are stopped',
  async (t) => {
    const changed = crossing({ digests: async () => ({ sent: 'this', held: 'that' }) });
    await t.rejects(measureCrossing(changed, MIB), /this was sent and that arrived/);
    t.equal(changed.stops, 1);
    const broken = crossing({ arrived: () => Promise.reject(new Error('cut')) });
    await t.rejects(measureCrossing(broken, MIB), /cut/);
    t.equal(broken.stops, 1);
  },
);

t.test('processes that begin or end meanwhile do not disturb the sum', async (t) => {
  const before = new Map([
    [1, 10],
    [2, 5],
  ]);
  const after = new Map([
    [1, 11],
    [3, 0.5],
  ]);
  t.equal(cpuSpent(before, after), 1.5);
  t.same([...cpuOf([process.pid, NO_PID]).keys()], [process.pid]);
});

t.test('what arrives is held in its order, and more than was asked for is refused', async (t) => {
  const arriving = new ArrivingBytes(3);
  arriving.take(Uint8Array.of(1, 2));
  t.throws(() => arriving.take(Uint8Array.of(3, 4)), RangeError);
  arriving.take(Uint8Array.of(3));
  t.ok((await arriving.whole) >= 0);
  t.equal(
    arriving.digest(),
    createHash('sha256')
      .update(Uint8Array.of(1, 2, 3))
      .digest('hex'),
  );
});

t.test('an offer goes without its addresses, which follow', async (t) => {
  const kept = ['v=0', 'a=mid:0', 'a=setup:actpass'];
  const candidate = 'candidate:1 1 UDP 2114977791 192.0.2.2 52914 typ host';
  const sdp = [...kept, `a=${candidate}`, 'a=end-of-candidates', ''].join('\r\n');
  t.same(heldCandidates(sdp), { offer: [...kept, ''].join('\r\n'), candidates: [candidate] });
});

t.test('bytes cross a bare channel and a TLS socket between two real processes', async (t) => {
  for (const open of [() => bareCrossing([bareAgent, bareAgent], MIB), () => tlsCrossing(MIB)]) {
    const { mibPerSecond } = await measureCrossing(await open(), MIB);
    t.ok(mibPerSecond > 0);
  }
});

t.test('every ratio is of figures that both contestants have', async (t) => {
  const keys = (await transferBench.contestants()).map(({ key }) => key);
  t.same(keys, ['ours', 'bare', 'tls']);
  const ratios = transferBench.ratios.map(({ key }) => key);
  for (const key of ['browserBrowser', 'agentAgent', 'agentBrowser', 'tls.agentAgent']) {
    t.ok(ratios.includes(key), key);
  }
});
