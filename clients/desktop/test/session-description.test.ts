// Descriptions and candidates come from other devices, and behind the adapter stands a library whose
// failures end the process: so this file would not end if something got through to it.

import fc from 'fast-check';
import t from 'tap';
import { nativePeers } from '../src/adapters/peer-connections.ts';
import { checkDescription, isCandidate } from '../src/adapters/session-description.ts';

const FINGERPRINT = Array.from({ length: 32 }, (_, at) => (at + 16).toString(16)).join(':');
const OFFER = [
  'v=0',
  'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'a=extmap-allow-mixed',
  'a=msid-semantic: WMS',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'c=IN IP4 0.0.0.0',
  'a=candidate:1 1 UDP 2114977791 127.0.0.1 9 typ host',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  'a=ice-options:trickle',
  `a=fingerprint:sha-256 ${FINGERPRINT.toUpperCase()}`,
  'a=setup:actpass',
  'a=mid:0',
  'a=sctp-port:5000',
  'a=max-message-size:262144',
];
const sdpOf = (lines: readonly string[]) => `${lines.join('\r\n')}\r\n`;
const quiet = {
  onNegotiationNeeded: () => {},
  onCandidate: () => {},
  onChannel: () => {},
  onState: () => {},
};

/** What the adapter does with an offer from outside: refused, or answered. */
async function answerTo(sdp: string): Promise<'refused' | 'answered'> {
  const peers = nativePeers();
  const connection = peers.create({ stun: [], turn: undefined, relayOnly: false }, quiet);
  try {
    await connection.setRemoteDescription('offer', sdp);
    await connection.setLocalDescription();
    return 'answered';
  } catch {
    return 'refused';
  } finally {
    peers.close();
  }
}

t.test("a browser's offer is answered", async (t) => {
  t.equal(await answerTo(sdpOf(OFFER)), 'answered');
});

t.test('an offer that lacks or doubles a line that decides is refused', async (t) => {
  const deciding = /^m=|^a=(ice-ufrag|ice-pwd|fingerprint|setup|mid|sctp-port):/;
  for (const [at, line] of OFFER.entries()) {
    if (!deciding.test(line)) continue;
    t.equal(await answerTo(sdpOf(OFFER.toSpliced(at, 1))), 'refused', `without ${line}`);
    t.equal(await answerTo(sdpOf(OFFER.toSpliced(at, 0, line))), 'refused', `twice ${line}`);
  }
});

t.test('an answer must choose a role, and an offer must not', (t) => {
  const active = sdpOf(OFFER).replace('actpass', 'active');
  t.ok(checkDescription('offer', sdpOf(OFFER)));
  t.ok(checkDescription('answer', active));
  t.notOk(checkDescription('answer', sdpOf(OFFER)));
  t.notOk(checkDescription('offer', active));
  t.notOk(checkDescription('offer', `${sdpOf(OFFER)}${'a=x\r\n'.repeat(4_000)}`), 'too long');
  t.end();
});

t.test('no changed offer ends the process, whatever was changed', async (t) => {
  const line = fc.nat(OFFER.length - 1);
  const odd = fc.constantFrom(
    '',
    '0',
    '-1',
    '99999999999999999999',
    'a'.repeat(300),
    '\u00ff',
    ' ',
  );
  const change = fc.oneof(
    fc.record({ at: line, text: fc.string({ maxLength: 40 }) }),
    fc.record({ at: line, text: odd }).map(({ at, text }) => {
      return { at, text: (OFFER[at] ?? '').replace(/[^:= ]*$/, text) };
    }),
    fc.record({ at: line, text: fc.nat(OFFER.length - 1).map((from) => OFFER[from] ?? '') }),
  );
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const lines = [...OFFER];
      for (const { at, text } of changes) lines[at] = text;
      const outcome = await answerTo(sdpOf(lines));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }),
    { numRuns: 200 },
  );
  t.ok((outcomes.get('refused') ?? 0) > 0);
  t.ok((outcomes.get('answered') ?? 0) > 0, 'some changes are harmless and reach the library');
});

t.test('candidates are addresses or names of a local network, and nothing else', async (t) => {
  for (const candidate of [
    'candidate:1 1 UDP 2114977791 192.0.2.1 9 typ host',
    'candidate:842163049 1 udp 1677729535 2001:db8::1 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0',
    'candidate:1 1 udp 2113937151 0a1b2c3d-0000-4000-8000-000000000000.local 50000 typ host',
    'candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active',
  ]) {
    t.equal(isCandidate(candidate), true, candidate);
  }
  for (const candidate of [
    'candidate:1 1 UDP 2114977791 somewhere.example 9 typ host',
    'candidate:1 1 UDP 2114977791 192.0.2.1 70000 typ host',
    'candidate:1 1 UDP 2114977791 192.0.2.1 9 typ other',
    `candidate:1 1 UDP 1 192.0.2.1 9 typ host ${'x'.repeat(600)}`,
    'candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\na=setup:active',
  ]) {
    t.equal(isCandidate(candidate), false, candidate);
  }
  const peers = nativePeers();
  const stun = ['stun:', 'http://x', 'stun:[::1]:3478', 'stun:127.0.0.1:1'];
  const connection = peers.create({ stun, turn: undefined, relayOnly: false }, quiet);
  await connection.setRemoteDescription('offer', sdpOf(OFFER));
  await connection.setLocalDescription();
  await fc.assert(
    fc.asyncProperty(
      fc.string({ maxLength: 80 }),
      fc.string({ maxLength: 8 }),
      async (text, mid) => {
        await connection.addCandidate(text, mid).catch(() => {});
        const address = `candidate:1 1 UDP 1 127.0.0.1 9 typ host ${text}`;
        await connection.addCandidate(address, mid).catch(() => {});
      },
    ),
    { numRuns: 200 },
  );
  await t.rejects(connection.addCandidate(OFFER[9]?.slice(2) ?? '', '0'), { message: /too many/ });
  peers.close();
});
