import t from 'tap';
import { QuietPeer } from '../src/driver/quiet-peer.ts';

const SIGN_TICKS = 4;
const PLACE = { term: 1, index: 5 };

t.test('[PEER-12] what is new is said at once, and all of it again as a sign of life', (t) => {
  const peer = new QuietPeer(0);
  peer.lead(1, PLACE);
  const said = peer.toSay(2, SIGN_TICKS);
  t.ok(said);
  t.equal(peer.toSay(2 + SIGN_TICKS - 1, SIGN_TICKS), undefined);
  t.equal(peer.toSay(2 + SIGN_TICKS, SIGN_TICKS), said, 'the same bytes');
  t.end();
});

t.test('[PEER-12] that a word holds no more is said again where it was lost', (t) => {
  const [here, there] = [new QuietPeer(0), new QuietPeer(0)];
  here.lead(1, PLACE);
  here.agree(2, PLACE);
  t.equal(there.read(here.toSay(0, SIGN_TICKS)!), true);
  t.same([...there.theirLed.keys(), ...there.theirAgreed.keys()], [1, 2]);
  here.lead(1, undefined);
  here.agree(2, undefined);
  t.ok(here.toSay(2, SIGN_TICKS), 'lost on its way');
  t.equal(there.read(here.toSay(2 + SIGN_TICKS, SIGN_TICKS)!), true);
  t.same([...there.theirLed.keys(), ...there.theirAgreed.keys()], []);
  t.end();
});

t.test('[PEER-12] who forgot what it said takes it back', (t) => {
  const [before, there] = [new QuietPeer(0), new QuietPeer(0)];
  before.agree(1, PLACE);
  there.read(before.toSay(0, SIGN_TICKS)!);
  t.equal(there.agrees(1, PLACE), true);
  there.read(new QuietPeer(1).toSay(2, SIGN_TICKS)!);
  t.equal(there.agrees(1, PLACE), false);
  t.end();
});
