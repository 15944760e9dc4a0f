/*
 * The load, in a process of its own: opens sockets in two steps and reads the server's memory after each, then has
 * signals relayed and reads its CPU time at both ends of the measured window. A refusal, a closed socket or anything
 * unreadable ends it with a failure.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { processCpuSeconds } from '../harness/process-cpu.ts';
import { settledKib } from '../harness/settled-memory.ts';
import { inBatches } from './in-batches.ts';
import type { Line, Listener } from './line.ts';
import type { LoadOrder, LoadReport } from './load-order.ts';
import { DEVICES_PER_POOL, OPENING_MAX, WARM_UP_MAX_MS } from './load-shape.ts';
import { peerjsLines } from './peerjs-line.ts';
import { relayLines } from './relay-line.ts';
import { rockpoolLines } from './rockpool-line.ts';
import { SignalLanes } from './signal-lanes.ts';

/** The last signals of a run have arrived by then, or are lost. */
const ARRIVED_MAX_MS = 20_000;
const ARRIVED_LOOK_MS = 10;

const order: LoadOrder = JSON.parse(process.argv[2] ?? '');
let lanes: SignalLanes | undefined;
const listener: Listener = {
  heard: (at, from, body) => lanes?.heard(at, from, body),
  trouble: (why) => {
    throw new Error(why);
  },
};
const open = {
  rockpool: () => rockpoolLines(order.port, order.membersPath),
  relay: () => relayLines(order.port),
  peerjs: () => peerjsLines(order.port),
}[order.kind]();

const lines: Line[] = [];
await openUpTo(order.groups.few);
const kibFew = await settledKib(order.pid);
await openUpTo(order.groups.many);
const kibMany = await settledKib(order.pid);
const report: LoadReport = { kibFew, kibMany, ...(await relay()) };
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit();

async function openUpTo(groups: number): Promise<void> {
  const missing = groups * DEVICES_PER_POOL - lines.length;
  const indexes = Array.from({ length: missing }, (_, i) => lines.length + i);
  lines.push(...(await inBatches(indexes, OPENING_MAX, (index) => open(index, listener))));
}

async function relay(): Promise<Omit<LoadReport, 'kibFew' | 'kibMany'>> {
  const groups: Line[][] = [];
  for (let first = 0; first < lines.length; first += DEVICES_PER_POOL) {
    groups.push(lines.slice(first, first + DEVICES_PER_POOL));
  }
  lanes = new SignalLanes(groups);
  lanes.start();
  await sleep(Math.min(WARM_UP_MAX_MS, order.seconds * 1000));
  const before = lanes.delivered;
  const cpuBefore = processCpuSeconds(order.pid);
  const startedMs = performance.now();
  await sleep(order.seconds * 1000);
  const elapsedSeconds = (performance.now() - startedMs) / 1000;
  const cpuSeconds = processCpuSeconds(order.pid) - cpuBefore;
  const delivered = lanes.delivered - before;
  lanes.stop();
  const deadlineMs = performance.now() + ARRIVED_MAX_MS;
  while (lanes.underway > 0 && performance.now() < deadlineMs) await sleep(ARRIVED_LOOK_MS);
  // Doubts count from the first signal on.
  return { delivered, wrong: lanes.wrong, lost: lanes.underway, cpuSeconds, elapsedSeconds };
}
