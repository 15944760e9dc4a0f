// An agent's library gathers through our STUN server, and so does an implementation that is not ours; told of several servers,
// the agent's asks one that answers.

import { parseCandidate } from '@rockpool/client-core';
import { Side } from '@rockpool/client-core/suites';
import { startStunServer } from '@rockpool/stun';
import t from 'tap';
import { RTCPeerConnection } from 'werift';
import { type NativePeers, nativePeers } from '../src/adapters/peer-connections.ts';
import { TranslatedStun } from '../testing/index.ts';

const ATTEMPTS = 6;
t.setTimeout(60_000);

/** The address that a connection learns of itself with these servers: of two that meet, the first one's. */
async function gather(peers: NativePeers, stun: readonly string[]): Promise<string> {
  const paths = { stun, turn: undefined, relayOnly: false };
  const [left, right] = [new Side(peers, true, {}, paths), new Side(peers, false, {}, paths)];
  const { promise, resolve } = Promise.withResolvers<string>();
  left.meet(right);
  const { say } = left;
  left.say = (signal) => {
    say(signal);
    if (signal.type !== 'candidate') return;
    const candidate = parseCandidate(signal.candidate);
    if (candidate?.kind === 'srflx') resolve(`${candidate.address} ${candidate.port}`);
  };
  const line = left.create('control');
  const learned = await promise;
  await line.until('open', () => line.isOpen);
  left.connection.close();
  right.connection.close();
  return learned;
}

for (const batched of [true, false]) {
  const way = batched ? 'in batches' : 'one by one';
  t.test(`libdatachannel gathers the address that our STUN server tells, ${way}`, async (t) => {
    const stun = await TranslatedStun.start({ batched });
    t.teardown(() => stun.stop());
    const peers = nativePeers();
    t.teardown(() => peers.close());
    t.ok(stun.told.has(await gather(peers, [stun.url])), 'as the server saw it');
  });
}

for (const batched of [true, false]) {
  const way = batched ? 'in batches' : 'one by one';
  // Another implementation's STUN, from the other end.
  t.test(`werift gathers the address that our STUN server tells, ${way}`, async (t) => {
    const stun = await TranslatedStun.start({ batched });
    t.teardown(() => stun.stop());
    const connection = new RTCPeerConnection({
      iceServers: [{ urls: stun.url }],
      iceUseIpv6: false,
      iceAdditionalHostAddresses: ['127.0.0.1'],
    });
    t.teardown(() => connection.close());
    const learned = new Promise<string>((resolve) => {
      connection.onIceCandidate.subscribe((candidate) => {
        const read = parseCandidate(candidate?.candidate ?? '');
        if (read?.kind === 'srflx') resolve(`${read.address} ${read.port}`);
      });
    });
    connection.createDataChannel('any');
    await connection.setLocalDescription(await connection.createOffer());
    t.ok(stun.told.has(await learned), 'as the server saw it');
  });
}

t.test('of several servers one is asked that answers, from the first connection on', async (t) => {
  const stun = await TranslatedStun.start({ batched: true });
  t.teardown(() => stun.stop());
  const dead = await startStunServer({ port: 0, addresses: ['127.0.0.1'] });
  await dead.close();
  const silent = ['127.0.0.1', '127.0.0.3', '[::1]'].map((host) => `stun:${host}:${dead.port}`);
  const peers = nativePeers();
  t.teardown(() => peers.close());
  const urls = [...silent, stun.url];
  await peers.prepare?.(urls);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    t.ok(stun.told.has(await gather(peers, urls)), `connection ${attempt}`);
  }
});
