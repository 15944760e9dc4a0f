// What a client finds out of the NAT before it. On loopback there is none; e2e's NAT laboratory has every kind.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { decodeBindingAnswer, encodeBindingRequest } from '../src/codec/binding-client.ts';
import { testNat } from '../src/nat-tests.ts';
import { startStunServer } from '../src/server.ts';

async function twoAddresses(t: Test) {
  const addresses = ['127.0.0.1', '127.0.0.2'];
  const server = await startStunServer({ port: 0, alternatePort: 0, addresses });
  t.teardown(() => server.close());
  return { host: '127.0.0.1', port: server.port };
}

async function oneAddress(t: Test, host: string) {
  const server = await startStunServer({ port: 0, addresses: [host] });
  t.teardown(() => server.close());
  return { host, port: server.port };
}

t.test('without a NAT nothing is translated and anybody gets through', async (t) => {
  const found = await testNat([await twoAddresses(t)]);
  t.same(found, { translated: false, mapping: 'steady', filtering: 'anyone' });
});

t.test('two servers show the mapping, and none of them the filtering', async (t) => {
  const found = await testNat([await oneAddress(t, '127.0.0.1'), await oneAddress(t, '127.0.0.2')]);
  t.same(found, { translated: false, mapping: 'steady', filtering: 'unknown' });
});

t.test('one server shows neither', async (t) => {
  const found = await testNat([await oneAddress(t, '127.0.0.1')]);
  t.same(found, { translated: false, mapping: 'unknown', filtering: 'unknown' });
});

t.test('where nothing answers nothing is known', async (t) => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  t.teardown(() => silent.close());
  await once(silent, 'listening');
  const { port } = silent.address();
  const servers = [
    { host: '127.0.0.1', port },
    { host: 'nowhere.invalid', port: 3478 },
    { host: '[::1]', port },
  ];
  const unknown = { translated: undefined, mapping: 'unknown', filtering: 'unknown' } as const;
  t.same(await testNat(servers), unknown);
  t.same(await testNat([]), unknown);
});

t.test('a NAT that takes another port for each server is seen as changing', async (t) => {
  // What answers names made-up ports, as it would see them behind such a NAT.
  const servers = await Promise.all([6001, 6002].map((named) => answering(t, named)));
  t.match(await testNat(servers), { mapping: 'changing', translated: true });
});

/** Answers every request, as if it came from 203.0.113.9 and this port. */
async function answering(t: Test, named: number) {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  t.teardown(() => socket.close());
  await once(socket, 'listening');
  socket.on('message', (request, from) => {
    const answer = Buffer.alloc(32);
    answer.writeUInt16BE(0x0101, 0);
    answer.writeUInt16BE(12, 2);
    request.copy(answer, 4, 4, 20);
    answer.writeUInt16BE(0x0020, 20);
    answer.writeUInt16BE(8, 22);
    answer.writeUInt8(1, 25);
    answer.writeUInt16BE(named ^ 0x2112, 26);
    answer.writeUInt32BE((0xcb007109 ^ 0x2112a442) >>> 0, 28);
    socket.send(answer, from.port, from.address);
  });
  return { host: '127.0.0.1', port: socket.address().port };
}

t.test('a request for another address and port is asked as RFC 5780 says', (t) => {
  const id = new Uint8Array(12).fill(7);
  const both = encodeBindingRequest(id, { change: 'address and port' });
  t.equal(Buffer.from(both).toString('hex', 0, 8), '000100082112a442');
  t.equal(Buffer.from(both).toString('hex', 20), '0003000400000006');
  const port = encodeBindingRequest(id, { change: 'port' });
  t.equal(Buffer.from(port).toString('hex', 20), '0003000400000002');
  t.same(decodeBindingAnswer(both, id), { kind: 'ignored' });
  t.end();
});
