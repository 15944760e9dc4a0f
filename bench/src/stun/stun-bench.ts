/*
 * CPU seconds for a million verified STUN answers, their latency, and memory under a flood: the real `rockpool stun`
 * process with its rate limit on, in batches and one by one, beside coturn, the npm package `stun` and the least that Node's
 * sockets can do. Each is a process of its own on loopback, started afresh for each round and driven by the same load.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freeUdpPort } from '@rockpool/server';
import { probeStun } from '@rockpool/stun';
import type { Bench, Contestant, Sample } from '../harness/bench.ts';
import { Child } from '../harness/child.ts';
import { FLOOD_MS, LATENCY_MS, WARM_UP_MS } from './load-shape.ts';

const LOOPBACK = '127.0.0.1';
const COMMAND = join(import.meta.dirname, '../../../bin/rockpool.cjs');
const BARE_DGRAM = join(import.meta.dirname, 'bare-dgram-main.ts');
const NPM_STUN = join(import.meta.dirname, 'npm-stun-main.ts');
const LOAD = join(import.meta.dirname, 'load-main.ts');
const READY_TRIES_MAX = 50;
const READY_TRY_MS = 200;
const LOAD_GRACE_MS = 15_000;
/** More than this share of requests without an answer, and the figure would not be that of a served load. */
const LOST_SHARE_MAX = 0.0001;

/** Leanest answers and no relay threads, which is coturn at its cheapest for this load. */
const COTURN_ARGS = [
  ...['-n', '--stun-only', '--no-tls', '--no-dtls', '--no-cli', '-m', '0'],
  ...['--no-software-attribute', '--no-rfc5780', '--no-stun-backward-compatibility'],
  ...['--response-origin-only-with-rfc5780', `--listening-ip=${LOOPBACK}`],
  ...['--log-file=stdout', '--simple-log', '--pidfile=turnserver.pid', '--userdb=turndb'],
];

export const stunBench: Bench = {
  name: 'stun',
  summary:
    'CPU seconds for a million verified STUN answers, beside coturn and the npm package stun',
  async lacks() {
    if (process.platform !== 'linux') return 'CPU time is read from /proc, which only Linux has';
    if ((await coturnVersion()) !== undefined) return undefined;
    return 'turnserver is not on the PATH; the Debian package coturn brings it';
  },
  async contestants() {
    const { version } = createRequire(import.meta.url)('stun/package.json') as { version: string };
    return [
      contestant('ours', 'rockpool stun, default options, rate limit on', (port) => ({
        command: process.execPath,
        args: [COMMAND, 'stun', '--port', `${port}`],
      })),
      contestant('portable', 'rockpool stun --no-batches, rate limit on', (port) => ({
        command: process.execPath,
        args: [COMMAND, 'stun', '--no-batches', '--port', `${port}`],
      })),
      contestant('bareDgram', 'node:dgram, the least for a right answer, no limit', (port) => ({
        command: process.execPath,
        args: [BARE_DGRAM, `${port}`],
      })),
      contestant('coturn', `coturn ${await coturnVersion()} ${COTURN_ARGS.join(' ')}`, (port) => ({
        command: 'turnserver',
        args: [...COTURN_ARGS, `--listening-port=${port}`],
      })),
      contestant('npmStun', `stun ${version} from npm, server of its example`, (port) => ({
        command: process.execPath,
        args: [NPM_STUN, `${port}`],
      })),
    ];
  },
  ratios: [
    { key: 'cpuPerMillion', figure: 'cpuPerMillion', peer: 'coturn' },
    { key: 'cpuPerMillionPortable', figure: 'cpuPerMillion', of: 'portable', peer: 'coturn' },
    { key: 'cpuPerMillionBareDgram', figure: 'cpuPerMillion', of: 'bareDgram', peer: 'coturn' },
    {
      key: 'cpuPerMillionPortableToBareDgram',
      figure: 'cpuPerMillion',
      of: 'portable',
      peer: 'bareDgram',
    },
    { key: 'answersPerSecond', figure: 'answersPerSecond', peer: 'coturn' },
    { key: 'cpuPerMillionNpmStun', figure: 'cpuPerMillion', peer: 'npmStun' },
  ],
};

type Command = (port: number) => { command: string; args: readonly string[] };

function contestant(key: string, what: string, command: Command): Contestant {
  return {
    key,
    what,
    async measure(seconds) {
      const directory = await mkdtemp(join(tmpdir(), 'rockpool-bench-'));
      try {
        const port = await freeUdpPort();
        const server = await Child.start({ ...command(port), directory });
        try {
          await untilReady(server, port);
          return await loadOn(server, port, seconds);
        } finally {
          await server.stop();
        }
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

async function untilReady(server: Child, port: number): Promise<void> {
  for (let tries = 0; tries < READY_TRIES_MAX && server.running; tries += 1) {
    const answer = await probeStun({ host: LOOPBACK, port, timeoutMs: READY_TRY_MS });
    if (answer.ok) return;
    await new Promise((resolve) => setTimeout(resolve, READY_TRY_MS));
  }
  throw new Error(`the STUN server does not answer\n${server.lastWords}`);
}

interface LoadReport {
  readonly right: number;
  readonly wrong: number;
  readonly lost: number;
  readonly cpuSeconds: number;
  readonly elapsedSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lostShareAtHalf: number;
  readonly memoryKib: number;
  readonly floodMemoryKib: number;
}

async function loadOn(server: Child, port: number, seconds: number): Promise<Sample> {
  const load = await Child.start({
    command: process.execPath,
    args: [LOAD, `${port}`, `${server.pid}`, `${seconds}`],
  });
  const othersMs = WARM_UP_MS + LATENCY_MS + FLOOD_MS;
  const printed = await load.finished(seconds * 1000 + othersMs + LOAD_GRACE_MS);
  const report: LoadReport = JSON.parse(printed);
  const { right, wrong, lost, cpuSeconds, elapsedSeconds } = report;
  const served = right > 0 && wrong === 0 && lost <= right * LOST_SHARE_MAX;
  if (!served) throw new Error(`not a served load: ${printed.trim()}`);
  return {
    cpuPerMillion: (cpuSeconds * 1_000_000) / right,
    answersPerSecond: right / cpuSeconds,
    reachedPerSecond: right / elapsedSeconds,
    p50Ms: report.p50Ms,
    p99Ms: report.p99Ms,
    lostShareAtHalf: report.lostShareAtHalf,
    memoryMib: report.memoryKib / 1024,
    floodMemoryMib: report.floodMemoryKib / 1024,
    lost,
  };
}

/** Undefined without coturn on this machine. */
async function coturnVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('turnserver', ['--version'], { timeout: 5_000 });
    return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'of unknown version';
  } catch {
    return undefined;
  }
}
