// What is concluded from measurements of a network and its connections.
import t from 'tap';
import { connectionReport } from '../src/doctor/connection-report.ts';
import type { NetworkMeasurement, PathMeasurement } from '../src/doctor/measurement.ts';
import { networkFindings, type RouterKind, routerKind } from '../src/doctor/network-findings.ts';
import { figuresInWords, type MeasuredPeer, peerFinding } from '../src/doctor/peer-findings.ts';
import { twoInAPool } from '../testing/index.ts';

const answering = [
  { url: 'stun:one.example:3478', answered: true, roundTripMs: 12 },
  { url: 'stun:two.example:3478', answered: true, roundTripMs: 15 },
];
const silent = answering.map(({ url }) => ({ url, answered: false }));
const ordinary: NetworkMeasurement = {
  servers: answering,
  translated: true,
  mapping: 'steady',
  filtering: 'samePort',
  ipv6: 'none',
};

t.test('a router is known by what it does', async (t) => {
  const kinds: readonly (readonly [Partial<NetworkMeasurement>, RouterKind])[] = [
    [{}, 'letsKnownPorts'],
    [{ filtering: 'sameAddress' }, 'letsKnownAddresses'],
    [{ filtering: 'anyone' }, 'letsAnyone'],
    [{ filtering: 'unknown' }, 'steady'],
    [{ filtering: 'unknown', translated: 'unknown' }, 'steady'],
    [{ mapping: 'changing' }, 'changing'],
    [{ mapping: 'changing', filtering: 'anyone' }, 'changing'],
    [{ translated: false, filtering: 'anyone' }, 'none'],
    [{ mapping: 'unknown', filtering: 'unknown' }, 'unknown'],
    [{ servers: silent, mapping: 'unknown', filtering: 'unknown' }, 'blocked'],
    [{ servers: [], mapping: 'unknown', filtering: 'unknown' }, 'unknown'],
  ];
  for (const [change, kind] of kinds) t.equal(routerKind({ ...ordinary, ...change }), kind);
});

t.test('every finding has words, and a bad one says what helps, without jargon', async (t) => {
  for (const servers of [answering, silent, [], [...answering, ...silent]]) {
    for (const mapping of ['steady', 'changing', 'unknown'] as const) {
      for (const ipv6 of ['works', 'address', 'none', 'unknown'] as const) {
        const findings = networkFindings({ ...ordinary, servers, mapping, ipv6 });
        t.same(
          findings.map(({ about }) => about),
          ['way out', 'router', 'newer addresses', 'address servers'],
        );
        for (const { title, words, help } of findings) {
          t.ok(title.length > 0 && words.length > 0);
          t.notMatch(`${title} ${words}`, /NAT|STUN|ICE|mapping|srflx/);
          t.notMatch(help ?? '', /NAT|STUN|ICE/);
        }
        t.ok(findings.some(({ tone, help }) => tone !== 'bad' || help !== undefined));
      }
    }
  }
});

const path: PathMeasurement = { relayed: false, own: 'srflx', other: 'prflx', roundTripMs: 31.4 };
const peer: MeasuredPeer = {
  deviceId: 'd2',
  kind: 'browser',
  person: { name: 'Brave Puffin', hue: 1 },
  pools: ['Island weekend'],
  path: 'direct',
  before: { ...path, bytesSent: 1_000, bytesReceived: 2_000 },
  after: { ...path, bytesSent: 1_001_000, bytesReceived: 3_002_000 },
  elapsedMs: 2_000,
};
const after = (change: Partial<PathMeasurement>) => ({
  ...peer,
  after: { ...path, ...change },
});

t.test('a connection is told by its way, time, loss and rate', async (t) => {
  const found = peerFinding(peer);
  t.match(found, { tone: 'good', words: 'Direct, over the internet', pair: 'srflx to prflx' });
  t.equal(figuresInWords(found), '31 ms, 2.0 MB/s now');
  const ways: readonly (readonly [Partial<PathMeasurement>, string, string])[] = [
    [{ relayed: true, own: 'relay' }, 'fair', 'Through a relay server'],
    [{ own: 'host', other: 'host' }, 'good', 'Direct, without a router in between'],
    [{ ipv6: true }, 'good', 'Direct, by newer addresses (IPv6)'],
  ];
  for (const [change, tone, words] of ways) t.match(peerFinding(after(change)), { tone, words });
});

t.test('loss is told, and what helps where it is much', async (t) => {
  const [none, little, much] = [0, 0.04, 0.5].map((lost) => peerFinding({ ...peer, lost }));
  t.match(none, { lost: 0, tone: 'good' });
  t.match(figuresInWords(none!), '31 ms, 0 % lost, 2.0 MB/s now');
  t.match(little, { lost: 0.04, tone: 'good' });
  t.notOk(little?.help);
  t.match(much, { lost: 0.5, tone: 'fair', help: /Wi-Fi/ });
  t.equal(peerFinding(peer).lost, undefined, 'the other side takes no probes');
});

t.test('a device that cannot be reached comes with its reason and what helps', async (t) => {
  const { before: _, after: __, ...rest } = peer;
  const trouble = { code: 'noPath', reason: 'No way.', help: 'Move.' } as const;
  const found = peerFinding({ ...rest, path: 'unreachable', trouble });
  t.match(found, { tone: 'bad', words: 'No way.', help: 'Move.' });
  t.match(peerFinding({ ...rest, path: 'connecting' }), { tone: 'unknown', words: 'Connecting' });
});

t.test('the first sentence is about the worst there is', async (t) => {
  const { before: _, after: __, ...rest } = peer;
  const summary = (network: Partial<NetworkMeasurement>, peers: MeasuredPeer[], online = true) =>
    connectionReport({ network: { ...ordinary, ...network }, peers, serverOnline: online }).summary;
  t.match(summary({}, [peer]), /fine/);
  t.match(summary({}, [peer, { ...rest, path: 'unreachable' }]), /One device cannot be reached/);
  t.match(summary({ mapping: 'changing' }, [peer]), /only some others/);
  t.match(summary({ servers: silent }, []), /no direct connections out/);
  t.match(summary({ mapping: 'unknown' }, []), /Not everything/);
  t.match(summary({}, [peer], false), /servers are out of reach/);
});

t.test('the engine measures the network and names who is online, each device once', async (t) => {
  const { a: ada, b: ben } = await twoInAPool();
  const checked = await ada.done(ada.rockpool.checkConnection());
  t.equal(checked.router, 'letsKnownPorts');
  t.equal(checked.peers.length, 1);
  t.match(checked.peers[0], { deviceId: ben.view.me?.deviceId, words: 'Direct' });
  for (const client of [ada, ben]) await client.stop();
});
