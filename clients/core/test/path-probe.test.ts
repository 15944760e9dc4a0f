// How much is lost on the way to another device: told by what does not come back.
import t from 'tap';
import { PathProbe, PROBE_LABEL } from '../src/mesh/path-probe.ts';
import type { Channel } from '../src/ports.ts';
import { type TestClient, TestWorld, twoInAPool } from '../testing/index.ts';
import { VirtualTime } from '../testing/virtual-time.ts';

t.test(
  '[CHN-3] nothing is lost where nothing is, and what a network drops is counted',
  async (t) => {
    const world = new TestWorld();
    const { a, b } = await twoInAPool(world);
    const lostFor = async (client: TestClient) => {
      const { peers } = await client.done(client.rockpool.checkConnection());
      return peers.map(({ lost }) => lost);
    };
    t.same(await lostFor(a), [0], 'the side that began');
    t.same(await lostFor(b), [0], 'and the other one');
    let seen = 0;
    world.peers.tamper = (label, frame) => {
      if (label !== PROBE_LABEL) return frame;
      seen += 1;
      return seen % 4 === 0 ? undefined : frame;
    };
    const [lost = 0] = await lostFor(a);
    t.ok(lost > 0.2 && lost < 0.6, `${lost} of the way there and back`);
    for (const client of [a, b]) await client.stop();
  },
);

interface Probed {
  readonly probe: PathProbe;
  readonly sent: Uint8Array[];
  bufferedBytes: number;
}

function probed(time: VirtualTime, isProven = () => true): Probed {
  const found = {
    probe: new PathProbe(time, isProven),
    sent: [] as Uint8Array[],
    bufferedBytes: 0,
  };
  const channel: Channel = {
    label: PROBE_LABEL,
    get bufferedBytes() {
      return found.bufferedBytes;
    },
    send: (frame) => found.sent.push(frame.slice()) > 0,
    close: () => {},
  };
  found.probe.take(channel);
  found.probe.events().onOpen();
  return found;
}

t.test('[CHN-3] who asks is answered with their number, once, and nobody else', async (t) => {
  const time = new VirtualTime();
  let proven = false;
  const side = probed(time, () => proven);
  const { onMessage } = side.probe.events();
  const ask = Uint8Array.of(0, 1, 2, 3, 4);
  onMessage(ask);
  t.same(side.sent, [], 'before a proof');
  proven = true;
  onMessage(ask);
  t.same(side.sent, [Uint8Array.of(1, 1, 2, 3, 4)]);
  const refused = [[], [0], [0, 1, 2, 3], [0, 1, 2, 3, 4, 5], [2, 1, 2, 3, 4], [1, 1, 2, 3, 4]];
  for (const bytes of refused) onMessage(Uint8Array.from(bytes));
  onMessage(new Uint8Array(65_536));
  t.equal(side.sent.length, 1, 'no frame, no answer');
  side.bufferedBytes = 5_000;
  onMessage(ask);
  t.equal(side.sent.length, 1, 'faster than answers leave');
});

t.test('a second channel is not taken, and a side without one is not asked', async (t) => {
  const time = new VirtualTime();
  const side = probed(time);
  t.equal(side.probe.take({} as Channel), false);
  side.probe.events().onClose();
  t.equal(await side.probe.lostShare(), undefined);
  t.equal(await new PathProbe(time, () => true).lostShare(), undefined);
  t.equal(side.sent.length, 0);
});
