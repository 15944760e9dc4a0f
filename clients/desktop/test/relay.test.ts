// Connections over a real TURN server, and what a device that hides its address lets out.

import { Side, type SideSignal } from '@rockpool/client-core/suites';
import t, { type Test } from 'tap';
import { nativePeers } from '../src/adapters/peer-connections.ts';
import { hasTurnServer, revealedBy, TurnServer } from '../testing/index.ts';

/** Two native sides; `said` is everything that the first one told the second. */
async function meet(t: Test, turn: TurnServer, hidden: readonly [boolean, boolean]) {
  const peers = nativePeers();
  t.teardown(() => peers.close());
  const server = { urls: [turn.url], ...turn.credentials() };
  const [left, right] = hidden.map((relayOnly, index) => {
    return new Side(peers, index === 0, {}, { stun: [], turn: server, relayOnly });
  });
  if (left === undefined || right === undefined) throw new Error('two sides');
  const said: { left: SideSignal[]; right: SideSignal[] } = { left: [], right: [] };
  left.meet(right);
  const { say: toRight } = left;
  const { say: toLeft } = right;
  left.say = (signal) => {
    said.left.push(signal);
    toRight(signal);
  };
  right.say = (signal) => {
    said.right.push(signal);
    toLeft(signal);
  };
  return { left, right, said };
}

/** Of one side's signals. */
function reveals(signals: readonly SideSignal[]): readonly string[] {
  return revealedBy(signals.map((each) => (each.type === 'candidate' ? each.candidate : each.sdp)));
}

/** As on a machine that is too busy: no datagram is read meanwhile. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

if (hasTurnServer()) {
  t.test('[CLI-12] who hides is reached over the relay, and says nothing else', async (t) => {
    const turn = await TurnServer.start();
    t.teardown(() => turn.stop());
    for (const begins of [true, false]) {
      const { left, right, said } = await meet(t, turn, [true, true]);
      const [first, second] = begins ? [left, right] : [right, left];
      first.create('control');
      await second.line('control').until('open', () => second.line('control').isOpen);
      t.equal((await left.connection.stats()).relayed, true);
      t.same(reveals(said.left), []);
      t.same(reveals(said.right), []);
      for (const signals of [said.left, said.right]) {
        t.ok(signals.some((each) => JSON.stringify(each).includes('typ relay')));
      }
    }
  });

  t.test(
    'a device that stood still while it asked for its relay has one all the same',
    async (t) => {
      const turn = await TurnServer.start();
      t.teardown(() => turn.stop());
      const { left, right } = await meet(t, turn, [true, true]);
      const { say } = left;
      left.say = (signal) => {
        say(signal);
        // The library asks in a thread of its own, and asks again after half a second without an answer.
        if (signal.type === 'description') standStill(700);
      };
      left.create('control');
      await right.line('control').until('open', () => right.line('control').isOpen);
      t.equal((await right.connection.stats()).relayed, true);
    },
  );
}
