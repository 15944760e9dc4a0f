// Why two devices do not meet, from the candidates that both sides showed.
import fc from 'fast-check';
import t from 'tap';
import { isPublicAddress, parseCandidate } from '../src/network/candidate.ts';
import { explainTrouble } from '../src/network/path-trouble.ts';
import { SeenCandidates } from '../src/network/seen-candidates.ts';

const host = (address: string, port = 5000) =>
  `candidate:1 1 UDP 2122252543 ${address} ${port} typ host`;
const outside = (port: number, base = '10.0.1.2 rport 5000', foundation = '2') =>
  `candidate:${foundation} 1 udp 1686052607 203.0.113.9 ${port} typ srflx raddr ${base}`;
const HIDDEN = '0.0.0.0 rport 0';

function seen(...lines: readonly string[]): SeenCandidates {
  const candidates = new SeenCandidates();
  for (const line of lines) candidates.note(line);
  return candidates;
}

t.test('a candidate is read as browsers and libraries write it', async (t) => {
  const line =
    'candidate:842163049 1 udp 1677729535 198.51.100.4 46154 typ srflx raddr 10.0.1.2 rport 46154 generation 0';
  t.same(parseCandidate(line), {
    kind: 'srflx',
    address: '198.51.100.4',
    port: 46154,
    ipv6: false,
    base: '10.0.1.2 46154',
    foundation: '842163049',
  });
  t.match(parseCandidate(`a=${host('2001:db8::7')}`), { kind: 'host', ipv6: true, base: '' });
  t.match(parseCandidate(outside(1, HIDDEN)), { base: '' });
  t.equal(
    parseCandidate('candidate:1 1 tcp 1518280447 10.0.1.2 9 typ host tcptype active'),
    undefined,
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseCandidate(`candidate:${text}`);
      seen(text).noteDescription(`a=candidate:${text}`);
    }),
  );
});

t.test('addresses that lead nowhere from elsewhere are known', async (t) => {
  for (const address of [
    '10.1.2.3',
    '192.168.0.4',
    '172.16.9.9',
    '172.31.1.1',
    '100.64.0.1',
    '169.254.1.1',
  ]) {
    t.notOk(isPublicAddress(address), address);
  }
  for (const address of ['fe80::1', 'fd00::1', '::1', 'b5f6.local']) {
    t.notOk(isPublicAddress(address), address);
  }
  for (const address of ['203.0.113.9', '172.32.0.1', '100.128.0.1', '2001:db8::1']) {
    t.ok(isPublicAddress(address), address);
  }
});

t.test('one socket with two public ports has a changing mapping before it', async (t) => {
  t.equal(seen(outside(1), outside(2)).mapping(2), 'changing');
  t.equal(seen(outside(1, HIDDEN), outside(2, HIDDEN)).mapping(2), 'changing');
  t.equal(seen(outside(1), outside(1)).mapping(2), 'steady');
  t.equal(seen(outside(1)).mapping(1), 'unknown', 'one server cannot show it');
  const twoSockets = [outside(1), outside(2, '10.0.9.2 rport 6000')];
  t.equal(seen(...twoSockets).mapping(2), 'steady', 'two sockets have two ports by right');
  const twoNetworks = [outside(1, HIDDEN, '2'), outside(2, HIDDEN, '3')];
  t.equal(seen(...twoNetworks).mapping(2), 'steady');
  t.equal(seen(host('10.0.1.2')).mapping(2), 'unknown');
});

t.test('the reason is the one that this side can see', async (t) => {
  const inside = seen(host('10.0.1.2'), host('b5f6.local'));
  const open = seen(host('10.0.1.2'), outside(1));
  const changing = seen(outside(1), outside(2));
  const none = seen();
  const code = (own: SeenCandidates, other: SeenCandidates, answered = true, relayOnly = false) =>
    explainTrouble({ own, other, answered, relayOnly }).code;
  t.equal(code(inside, open), 'ownBlocked');
  t.equal(code(inside, none, false), 'ownBlocked');
  t.equal(code(open, none, false), 'noAnswer');
  t.equal(code(none, open, true, true), 'relaySilent');
  t.equal(code(open, inside), 'otherBlocked');
  t.equal(code(open, changing), 'strictRouters');
  t.equal(code(changing, open), 'strictRouters');
  t.equal(code(open, open), 'noPath');
  t.equal(code(seen(host('198.51.100.2')), open), 'noPath', 'a public address needs no server');
});

t.test('what one connection shows is bounded', async (t) => {
  const many = seen(
    ...Array.from({ length: 1_000 }, (_, port) => outside(port, `10.0.1.2 rport ${port + 1}`)),
  );
  t.ok(many.any);
  t.equal(many.mapping(2), 'steady');
});
