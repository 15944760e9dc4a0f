// NAT behaviour discovery (RFC 5780) with two addresses and two ports.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { createBindingRequest, decodeBindingRequest } from '../src/codec/binding-request.ts';
import type { StunServerOptions } from '../src/server.ts';
import { attribute, fromHex, message, withFingerprint } from './stun-messages.ts';
import { forEachWay } from './ways.ts';

const ADDRESSES = ['127.0.0.1', '127.0.0.2'];

async function ask(t: Test, request: Uint8Array, port: number, address = '127.0.0.1') {
  const socket = createSocket('udp4').bind(0, '127.0.0.9');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  socket.send(request, port, address);
  const [answer, from] = (await once(socket, 'message')) as [Buffer, RemoteInfo];
  return { answer, from: `${from.address}:${from.port}` };
}

/** An address attribute that is not XORed, at this offset. */
function named(answer: Buffer, at: number): string {
  return `${answer.subarray(at + 8, at + 12).join('.')}:${answer.readUInt16BE(at + 6)}`;
}

const change = (flags: number) => attribute(0x0003, Uint8Array.of(0, 0, 0, flags));

t.test('[STUN-19] CHANGE-REQUEST is read once, and not behind MESSAGE-INTEGRITY', (t) => {
  const found = createBindingRequest(true);
  const integrity = attribute(0x0008, new Uint8Array(20));
  const verdict = (...parts: Uint8Array[]) => {
    const decoded = decodeBindingRequest(message(...parts), found);
    return [decoded, found.changeAddress, found.changePort, found.unknownCount];
  };
  t.same(verdict(change(4), change(2)), ['request', true, false, 0]);
  t.same(verdict(integrity, change(6)), ['request', false, false, 0]);
  t.same(verdict(change(0xf9)), ['request', false, false, 0]);
  t.equal(verdict(attribute(0x0003, fromHex('0000000600')))[0], 'malformed');
  t.equal(verdict(attribute(0x0003, fromHex('')))[0], 'malformed');
  t.end();
});

forEachWay((t, startWay) => {
  async function start(t: Test, options: Partial<StunServerOptions> = {}) {
    const server = await startWay({ port: 0, alternatePort: 0, addresses: ADDRESSES, ...options });
    t.teardown(() => server.close());
    return server;
  }

  t.test('[STUN-19] an answer comes from where it was asked for, and says so', async (t) => {
    const { port, addresses } = await start(t);
    t.same(addresses, ADDRESSES);
    const plain = await ask(t, message(), port);
    t.equal(plain.answer.length, 56);
    t.equal(plain.answer.readUInt16BE(32), 0x802b);
    t.equal(plain.answer.readUInt16BE(44), 0x802c);
    const other = plain.answer.readUInt16BE(50);
    t.not(other, port);
    const origins = {
      0: `127.0.0.1:${port}`,
      2: `127.0.0.1:${other}`,
      4: `127.0.0.2:${port}`,
      6: `127.0.0.2:${other}`,
    };
    for (const [flags, origin] of Object.entries(origins)) {
      const { answer, from } = await ask(t, message(change(Number(flags))), port);
      t.equal(from, origin, `flags ${flags}`);
      t.equal(named(answer, 32), origin, 'RESPONSE-ORIGIN');
      t.equal(named(answer, 44), `127.0.0.2:${other}`, 'OTHER-ADDRESS');
    }
    const back = await ask(t, message(change(6)), other, '127.0.0.2');
    t.equal(back.from, `127.0.0.1:${port}`);
    t.equal(named(back.answer, 44), `127.0.0.1:${port}`);
    const signed = await ask(t, withFingerprint(message(change(2))), port);
    t.same(Uint8Array.from(signed.answer), withFingerprint(signed.answer.subarray(0, 56)));
  });

  t.test('[STUN-19] an error comes from where the request went', async (t) => {
    const { port } = await start(t);
    const unknown = attribute(0x0024, new Uint8Array(4));
    const { answer, from } = await ask(t, message(change(6), unknown), port);
    t.equal(answer.readUInt16BE(0), 0x0111);
    t.equal(from, `127.0.0.1:${port}`);
  });

  t.test('[STUN-19] without two addresses of one family it does not start', async (t) => {
    for (const addresses of [['127.0.0.1'], ['127.0.0.1', '::1'], ['127.0.0.1', 'x'], undefined]) {
      const listen = addresses === undefined ? {} : { addresses };
      const starting = startWay({ port: 0, alternatePort: 0, ...listen });
      await t.rejects(starting, { code: 'STUN_DISCOVERY_ADDRESSES' });
    }
    const server = await start(t);
    const taken = startWay({ port: 0, alternatePort: server.port, addresses: ADDRESSES });
    await t.rejects(taken, { code: 'STUN_PORT_IN_USE' });
  });
});
