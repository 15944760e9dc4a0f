// Batches: what of them is not in the suite of both ways. Falling back, and what is laid out by hand.
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { openBatchedUdp } from '../src/batched/batched-udp.ts';
import { type Libc, loadLibc, platformHasBatches } from '../src/batched/libc.ts';
import { bindNative } from '../src/batched/native-socket.ts';
import { findBatchFault } from '../src/batched/self-test.ts';
import { readSocketAddress, writeSocketAddress } from '../src/batched/socket-address.ts';
import { probeStun } from '../src/probe.ts';
import { startStunServer } from '../src/server.ts';

const ADDRESSES = ['127.0.0.1', '::1'];

/** Starts with a C library that is not as it should be, and gives the warnings of that. */
async function startWith(t: Test, load: () => Libc) {
  const warned: unknown[] = [];
  const logger = { warn: (fields: object) => void warned.push(fields) };
  const options = { port: 0, addresses: ADDRESSES, logger };
  const server = await startStunServer(options, (warning) => openBatchedUdp(warning, load));
  t.teardown(() => server.close());
  return { server, warned };
}

t.test('socket addresses are laid out as the kernel reads them', (t) => {
  const bytes = new Uint8Array(28);
  t.equal(writeSocketAddress(bytes, '192.0.2.7', 3478), 16);
  t.equal(Buffer.from(bytes).toString('hex', 0, 8), '02000d96c0000207');
  t.same(readSocketAddress(bytes), { address: '192.0.2.7', port: 3478 });
  t.equal(writeSocketAddress(bytes, '2001:db8::7', 65_535), 28);
  t.same(readSocketAddress(bytes), { address: '2001:db8::7', port: 65_535 });
  t.equal(writeSocketAddress(bytes, 'localhost', 1), 0);
  t.end();
});

t.test('without batches it answers all the same, and says why', async (t) => {
  const missing = await startWith(t, () => {
    throw new Error('Cannot find module koffi\nRequire stack: ...');
  });
  t.notOk(missing.server.batched);
  t.ok((await probeStun({ host: '::1', port: missing.server.port })).ok);
  const faults = platformHasBatches() ? [{ fault: 'Cannot find module koffi' }] : [];
  t.same(missing.warned, faults);
});

if (platformHasBatches()) {
  t.test('the self-test finds calls that do not do what they should', async (t) => {
    const libc = loadLibc();
    t.equal(findBatchFault(libc), undefined);
    const broken: readonly [Partial<Libc>, RegExp][] = [
      [{ sendmmsg: () => -1 }, /sendmmsg sent -1 of 4/],
      [{ recvmmsg: (fd, headers) => libc.recvmmsg(fd, headers, 1, 0, 0) }, /received 1 of 4/],
      [{ recvmmsg: () => 4 }, /arrived changed/],
      [{ socket: () => -1 }, /no socket on 127.0.0.1/],
    ];
    for (const [calls, fault] of broken) {
      t.match(findBatchFault({ ...libc, ...calls }), fault);
      const { server, warned } = await startWith(t, () => ({ ...libc, ...calls }));
      t.notOk(server.batched);
      t.match(warned, [{ fault }]);
      t.ok((await probeStun({ host: '127.0.0.1', port: server.port })).ok);
    }
  });

  t.test('a machine without IPv6 has batches over IPv4', (t) => {
    const libc = loadLibc();
    const socket: Libc['socket'] = (family, ...rest) => {
      return family === 10 ? -1 : libc.socket(family, ...rest);
    };
    t.equal(findBatchFault({ ...libc, socket }), undefined);
    t.throws(() => bindNative({ ...libc, socket }, '::1', 0, false), { code: /^\w+/ });
    t.end();
  });

  t.test('an idle server sleeps, and a closed one leaves no descriptor open', async (t) => {
    const libc = loadLibc();
    const start = () => startStunServer({ port: 0, addresses: ADDRESSES });
    await (await start()).close();
    const probeFd = () => {
      const { fd, close } = bindNative(libc, '127.0.0.1', 0, false);
      return close().then(() => fd);
    };
    const lowest = await probeFd();
    for (let round = 0; round < 4; round += 1) await (await start()).close();
    t.equal(await probeFd(), lowest, 'the next descriptor is what it was');
    const server = await start();
    t.teardown(() => server.close());
    const before = process.cpuUsage();
    await wait(1_000);
    const { user, system } = process.cpuUsage(before);
    t.ok(user + system < 100_000, `one idle second cost ${user + system} µs of CPU`);
  });
}
