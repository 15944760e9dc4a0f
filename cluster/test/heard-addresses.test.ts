import fc from 'fast-check';
import t from 'tap';
import { decodeHello, encodeHello } from '../src/format/peer-payload.ts';
import { HeardAddresses } from '../src/peer/heard-addresses.ts';
import { roundTrip } from '../testing/round-trip.ts';

const listed = { id: 'a', name: '1', peerAddress: 'old:1', fingerprint: 'f' };

t.test('a member is called where it says, until the membership says something new', async (t) => {
  const addresses = new HeardAddresses();
  t.equal(addresses.of(listed), 'old:1');
  addresses.heard(listed, 'new:1');
  t.equal(addresses.of(listed), 'new:1');
  addresses.heard(listed, 'no address');
  t.equal(addresses.of(listed), 'new:1', 'what cannot be called is not kept');
  t.equal(addresses.of({ ...listed, peerAddress: 'newer:1' }), 'newer:1');
});

t.test('what a hello says comes back, and other bytes are none', (t) => {
  const hello = fc.record({ featureLevel: fc.nat(0xffff), peerAddress: fc.string() });
  roundTrip(t, hello, encodeHello, decodeHello);
  t.end();
});
