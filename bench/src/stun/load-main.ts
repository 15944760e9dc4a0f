/*
 * The load, in a process of its own, in three parts. A closed loop over UDP: so many requests are on their way,
 * and each answer begets the next request, from the next of the sources, so that each stays below the rate limit
 * that a real server has. Then half the rate that one core of the server would do, at which answers are timed. Then
 * a flood from forged addresses. It reads the server's CPU time and memory itself.
 */
import { randomBytes } from 'node:crypto';
import { processCpuSeconds } from '../harness/process-cpu.ts';
import { processAnonymousKib } from '../harness/process-memory.ts';
import { bindingRequest, judgeAnswer, setTransaction, transactionOf } from './binding-exchange.ts';
import { FLOOD_MS, LATENCY_MS, SOURCES, WARM_UP_MS, WINDOW } from './load-shape.ts';
import { BATCH_MAX, LoadSocket } from './load-socket.ts';

/** After this a request counts as lost. */
const LOST_AFTER_MS = 1_000;
/** 127.1.0.0: sources apart from the server's own address. */
const FIRST_SOURCE = 0x7f010001;
/** More than are ever on their way. */
const REMEMBERED = 2 ** 16;

const [port, pid, seconds] = process.argv.slice(2).map(Number);
if (port === undefined || pid === undefined || seconds === undefined) {
  throw new Error('usage: load-main.ts PORT PID SECONDS');
}
const run = randomBytes(8);
const socket = new LoadSocket(port);
const expected = bindingRequest();
const sentMs = new Float64Array(REMEMBERED);
const counts = { right: 0, wrong: 0, other: 0, lost: 0 };
/** Requests are numbered from 0; those before `oldest` are answered or lost. */
let next = 0;
let oldest = 0;

const closed = closedLoop(pid, seconds);
const lostInLoop = counts.lost;
const perCore = closed.right / closed.cpuSeconds;
const memoryKib = processAnonymousKib(pid);
const latencies = atRate(perCore / 2);
flood();
const floodMemoryKib = processAnonymousKib(pid);
const { wrong } = counts;
const lost = lostInLoop;
const lostAtHalf = counts.lost - lostInLoop;
const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
const lostShareAtHalf = lostAtHalf / (lostAtHalf + latencies.length);
const timed = { p50Ms: at(0.5), p99Ms: at(0.99), lostShareAtHalf };
const report = { ...closed, wrong, lost, memoryKib, floodMemoryKib, ...timed };
process.stdout.write(`${JSON.stringify(report)}\n`);

function closedLoop(serverPid: number, windowSeconds: number) {
  send(WINDOW);
  const loopUntil = (endMs: number) => {
    while (performance.now() < endMs) send(receive(100) + giveUpLost());
  };
  loopUntil(performance.now() + WARM_UP_MS);
  const startedMs = performance.now();
  const rightBefore = counts.right;
  const cpuBefore = processCpuSeconds(serverPid);
  loopUntil(startedMs + windowSeconds * 1000);
  const elapsedSeconds = (performance.now() - startedMs) / 1000;
  const cpuSeconds = processCpuSeconds(serverPid) - cpuBefore;
  const right = counts.right - rightBefore;
  drain();
  return { right, cpuSeconds, elapsedSeconds };
}

/** An open loop: requests leave when they are due, in each millisecond together. Gives the sorted times of answers. */
function atRate(perSecond: number): readonly number[] {
  const taken: number[] = [];
  const startedMs = performance.now();
  let sent = 0;
  for (;;) {
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs > LATENCY_MS) break;
    const due = Math.min(BATCH_MAX, Math.floor((elapsedMs * perSecond) / 1000) - sent);
    if (due > 0) {
      send(due);
      sent += due;
    }
    receive(1, (ms) => taken.push(ms));
    giveUpLost();
  }
  drain();
  return taken.sort((a, b) => a - b);
}

/** As fast as this process can, each request from an address of its own. Nobody counts the answers. */
function flood(): void {
  const endMs = performance.now() + FLOOD_MS;
  let source = 0x7f100000;
  while (performance.now() < endMs) {
    for (let index = 0; index < BATCH_MAX; index += 1) {
      source = source >= 0x7ffffffe ? 0x7f100000 : source + 1;
      expected.copy(socket.packet(index, source, expected.length));
    }
    socket.send(BATCH_MAX);
    socket.receive(0);
  }
}

function send(count: number): void {
  if (count === 0) return;
  const now = performance.now();
  for (let index = 0; index < count; index += 1) {
    setTransaction(expected, run, next);
    expected.copy(socket.packet(index, sourceOf(next), expected.length));
    sentMs[next % REMEMBERED] = now;
    next += 1;
  }
  socket.send(count);
}

/** Answers how many right ones came. */
function receive(timeoutMs: number, timed?: (ms: number) => void): number {
  const received = socket.receive(timeoutMs);
  const now = performance.now();
  let right = 0;
  for (let index = 0; index < received; index += 1) {
    const answer = socket.received(index);
    const number = transactionOf(answer);
    setTransaction(expected, run, number);
    const verdict = judgeAnswer(answer, expected, sourceOf(number), socket.port);
    const slot = number % REMEMBERED;
    const waiting = number >= oldest && number < next && sentMs[slot] !== 0;
    counts[verdict === 'right' && !waiting ? 'other' : verdict] += 1;
    if (verdict !== 'right' || !waiting) continue;
    timed?.(now - (sentMs[slot] ?? now));
    sentMs[slot] = 0;
    right += 1;
  }
  return right;
}

/** Moves `oldest` on; answers how many were given up. */
function giveUpLost(): number {
  const now = performance.now();
  let lost = 0;
  for (; oldest < next; oldest += 1) {
    const since = sentMs[oldest % REMEMBERED] ?? 0;
    if (since === 0) continue;
    if (now - since < LOST_AFTER_MS) break;
    sentMs[oldest % REMEMBERED] = 0;
    lost += 1;
  }
  counts.lost += lost;
  return lost;
}

/** Until everything is answered or lost. */
function drain(): void {
  while (oldest < next) {
    receive(10);
    giveUpLost();
  }
}

function sourceOf(number: number): number {
  return FIRST_SOURCE + (number % SOURCES);
}
