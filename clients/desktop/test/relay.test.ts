// Connections over a real TURN server, and what a device that hides its address lets out.

import { networkInterfaces } from 'node:os';
import { Side, type SideSignal } from '@rockpool/client-core/suites';
import t, { type Test } from 'tap';
import { nativePeers } from '../src/adapters/peer-connections.ts';
import { hasTurnServer, TurnServer } from '../testing/index.ts';

const NAME = /[0-9a-f-]{36}\.local/i;

/** Every address of this machine that somebody else could use to find it. */
function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.filter(({ internal }) => !internal).map(({ address }) => address.split('%')[0] ?? '');
}

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

/** Of one side's signals: no address but the relay's, and no name of this machine. */
function reveals(signals: readonly SideSignal[]): readonly string[] {
  const text = signals
    .map((signal) => (signal.type === 'candidate' ? signal.candidate : signal.sdp))
    .join('\n');
  const found = ownAddresses().filter((address) => text.includes(address));
  if (NAME.test(text)) found.push('an mDNS name');
  for (const [line, type] of text.matchAll(/candidate:.* typ (\w+).*/g)) {
    if (type !== 'relay' || !/ raddr 0\.0\.0\.0 rport 0/.test(line)) found.push(line);
  }
  for (const [line] of text.matchAll(/^(?:o|c)=.*$/gm)) {
    if (!/ IN IP4 0\.0\.0\.0$|^c=IN IP4 0\.0\.0\.0$/.test(line)) found.push(line);
  }
  return found;
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
}
