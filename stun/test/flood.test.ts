// Floods from one address and from many, beside a client that asks the same socket: it is served, and memory stays.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Test } from 'tap';
import { probeStun } from '../src/probe.ts';
import { message } from './stun-messages.ts';
import { forEachWay } from './ways.ts';

const LOOPBACK = '127.0.0.1';
const GARBAGE = Buffer.alloc(1_200, 0x2a);
const ASKED = 40;
const MEMORY_GROWN_BYTES_MAX = 32 * 2 ** 20;

function socketsAt(t: Test, addresses: readonly string[]): Promise<Socket[]> {
  return Promise.all(
    addresses.map(async (address) => {
      const socket = createSocket('udp4').bind(0, address);
      await once(socket, 'listening');
      t.teardown(() => socket.close());
      return socket;
    }),
  );
}

/** Sends a wave with each turn of the loop until `work` is done. */
async function flooded(wave: () => void, work: () => Promise<void>): Promise<void> {
  let isOver = false;
  const next = () => {
    if (isOver) return;
    wave();
    setImmediate(next);
  };
  next();
  await work().finally(() => {
    isOver = true;
  });
}

/** A client at an address of its own, as often as it takes to see memory grow; resolves to by how much it did. */
async function askInTheFlood(t: Test, port: number): Promise<number> {
  const ask = async () => {
    for (let asked = 0; asked < ASKED; asked += 1) {
      const answer = await probeStun({ host: LOOPBACK, port });
      if (!answer.ok) t.fail(`the client beside the flood: ${answer.code}`);
    }
  };
  await ask();
  const before = process.memoryUsage().rss;
  await ask();
  return process.memoryUsage().rss - before;
}

forEachWay((t, start) => {
  t.test('[STUN-9] [STUN-11] one address floods: a client beside it is served', async (t) => {
    const server = await start({ port: 0, addresses: [LOOPBACK] });
    t.teardown(() => server.close());
    const [flooding] = await socketsAt(t, ['127.0.1.1']);
    let grownBytes = 0;
    const wave = () => {
      for (let count = 0; count < 32; count += 1) flooding?.send(message(), server.port, LOOPBACK);
      flooding?.send(GARBAGE, server.port, LOOPBACK);
    };
    await flooded(wave, async () => {
      grownBytes = await askInTheFlood(t, server.port);
    });
    const { limited, success } = server.metrics().outcomes;
    t.ok(limited > success, `${limited} were limited, ${success} answered`);
    t.ok(grownBytes < MEMORY_GROWN_BYTES_MAX, `memory grew by ${grownBytes} bytes`);
  });

  t.test('[STUN-11] more addresses flood than are remembered: likewise', async (t) => {
    const sourcesMax = 64;
    const limits = { sourcesMax };
    const server = await start({ port: 0, addresses: [LOOPBACK], limits });
    t.teardown(() => server.close());
    const addresses = Array.from({ length: 4 * sourcesMax }, (_, at) => `127.0.2.${at}`);
    const flooding = await socketsAt(t, addresses);
    let turn = 0;
    let grownBytes = 0;
    const wave = () => {
      for (let count = 0; count < 32; count += 1) {
        const socket = flooding[turn++ % flooding.length];
        socket?.send(count === 0 ? GARBAGE : message(), server.port, LOOPBACK);
      }
    };
    await flooded(wave, async () => {
      grownBytes = await askInTheFlood(t, server.port);
    });
    const { success } = server.metrics().outcomes;
    t.ok(success > 2 * ASKED + flooding.length, `${success} were answered`);
    t.ok(grownBytes < MEMORY_GROWN_BYTES_MAX, `memory grew by ${grownBytes} bytes`);
  });
});
