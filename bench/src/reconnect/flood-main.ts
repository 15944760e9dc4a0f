/*
 * All sockets at once, in a process of its own: flood-main.ts ORDER. Each shows its device, with a signature over the
 * node's nonce; then all are cut off without a word, and all come back at once. Whoever is not taken tries again, as clients do.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sourceAddress } from '../signal/loopback.ts';
import { readMembers } from '../signal/members.ts';
import { RockpoolSocket } from '../signal/rockpool-socket.ts';
import type { FloodOrder, FloodReport } from './flood-order.ts';

const TRIES_MAX = 20;
const RETRY_MS_MAX = 1_000;

const order: FloodOrder = JSON.parse(process.argv[2] ?? '');
const { origin, members } = readMembers(order.membersPath);
let retries = 0;

const came = await openAll();
for (const socket of came.sockets) socket.cut();
const returned = await openAll();
const report: FloodReport = {
  secondsToCome: came.seconds,
  secondsToReturn: returned.seconds,
  retries,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit();

async function openAll(): Promise<{ sockets: readonly RockpoolSocket[]; seconds: number }> {
  const startedMs = performance.now();
  const sockets = await Promise.all(Array.from({ length: order.sockets }, (_, at) => open(at)));
  return { sockets, seconds: (performance.now() - startedMs) / 1000 };
}

async function open(at: number): Promise<RockpoolSocket> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryToOpen(at);
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
      retries += 1;
      await sleep(Math.random() * RETRY_MS_MAX);
    }
  }
}

async function tryToOpen(at: number): Promise<RockpoolSocket> {
  const member = members[at % members.length];
  const port = order.ports[at % order.ports.length];
  if (member === undefined || port === undefined) throw new Error('nobody to come, or nowhere');
  const socket = await RockpoolSocket.open({ port, origin }, sourceAddress(at));
  await socket.showDevice(member.user, member.device);
  return socket;
}
