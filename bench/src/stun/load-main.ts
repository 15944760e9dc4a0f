/*
 * The load, in a process of its own: a closed loop over UDP. Each lane has one request on its way and takes
 * the next of its sockets for the next one, so that the server sees many sources and each stays below the
 * rate limit that a real one has. It reads the server's CPU time at both ends of the measured window itself.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { processCpuSeconds } from '../harness/process-cpu.ts';
import { bindingRequest, judgeAnswer, setTransaction } from './binding-exchange.ts';
import { LANES, SOURCES_PER_LANE, WARM_UP_MS } from './load-shape.ts';

/** After this a request counts as lost, and its lane goes on. */
const LOST_AFTER_MS = 1_000;
const LOOPBACK = '127.0.0.1';
/** 127.1.0.0: sources apart from the server's own address. */
const FIRST_SOURCE = 0x7f010000;

interface Source {
  readonly socket: Socket;
  readonly address: number;
  readonly port: number;
  readonly request: Buffer;
  /** Whether an answer is awaited. */
  waiting: boolean;
}

interface Lane {
  readonly sources: readonly Source[];
  current: number;
  sentMs: number;
}

const [port, pid, seconds] = process.argv.slice(2).map(Number);
if (port === undefined || pid === undefined || seconds === undefined) {
  throw new Error('usage: load-main.ts PORT PID SECONDS');
}
const run = randomBytes(8);
const counts = { right: 0, wrong: 0, other: 0, lost: 0 };
let transactions = 0;
const lanes = await openLanes(port);
for (const lane of lanes) sendNext(lane);
const sweep = setInterval(() => lanes.forEach(giveUpLost), LOST_AFTER_MS);
setTimeout(() => measure(pid, seconds), WARM_UP_MS);

function measure(serverPid: number, windowSeconds: number): void {
  const before = { ...counts };
  const cpuBefore = processCpuSeconds(serverPid);
  const startedMs = performance.now();
  setTimeout(() => {
    const elapsedSeconds = (performance.now() - startedMs) / 1000;
    const cpuSeconds = processCpuSeconds(serverPid) - cpuBefore;
    clearInterval(sweep);
    for (const { socket } of lanes.flatMap((lane) => lane.sources)) socket.close();
    const right = counts.right - before.right;
    // Doubts count from the first request on.
    const { wrong, other, lost } = counts;
    const report = { right, wrong, other, lost, cpuSeconds, elapsedSeconds };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }, windowSeconds * 1000);
}

async function openLanes(serverPort: number): Promise<readonly Lane[]> {
  const opened: Lane[] = [];
  for (let lane = 0; lane < LANES; lane += 1) {
    const sources: Source[] = [];
    for (let index = 0; index < SOURCES_PER_LANE; index += 1) {
      const host = 1 + lane * SOURCES_PER_LANE + index;
      sources.push(await openSource(FIRST_SOURCE + host, serverPort));
    }
    opened.push({ sources, current: 0, sentMs: 0 });
  }
  for (const lane of opened) {
    for (const source of lane.sources) {
      source.socket.on('message', (answer) => receive(lane, source, answer));
    }
  }
  return opened;
}

async function openSource(address: number, serverPort: number): Promise<Source> {
  const socket = createSocket('udp4');
  const text = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
  socket.bind(0, text);
  await once(socket, 'listening');
  socket.connect(serverPort, LOOPBACK);
  await once(socket, 'connect');
  const own = socket.address().port;
  return { socket, address, port: own, request: bindingRequest(), waiting: false };
}

function receive(lane: Lane, source: Source, answer: Buffer): void {
  const verdict = judgeAnswer(answer, source.request, source.address, source.port);
  if (verdict !== 'right') {
    counts[verdict] += 1;
    return;
  }
  // A second answer, or one that came after it was given up for lost.
  if (!source.waiting) return;
  source.waiting = false;
  counts.right += 1;
  sendNext(lane);
}

function sendNext(lane: Lane): void {
  lane.current = (lane.current + 1) % lane.sources.length;
  const source = lane.sources[lane.current];
  if (source === undefined) return;
  transactions += 1;
  setTransaction(source.request, run, transactions);
  source.waiting = true;
  lane.sentMs = performance.now();
  source.socket.send(source.request);
}

function giveUpLost(lane: Lane): void {
  const source = lane.sources[lane.current];
  if (source === undefined || performance.now() - lane.sentMs < LOST_AFTER_MS) return;
  source.waiting = false;
  counts.lost += 1;
  sendNext(lane);
}
