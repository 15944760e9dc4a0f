/*
 * UDP in batches, on Linux: recvmmsg and sendmmsg in a thread of its own, which costs about a third of what one
 * datagram at a time does. Where it cannot be had, the caller takes the portable way.
 */
import { Worker } from 'node:worker_threads';
import type { StunLogger } from '../logger.ts';
import type { UdpService, UdpServiceOptions, UdpWay } from '../udp-service.ts';
import { counterMemory, readCounts } from './counters.ts';
import { EVENT_FLAGS, type Libc, loadLibc, platformHasBatches } from './libc.ts';
import { bindNative, type NativeSocket } from './native-socket.ts';
import { findBatchFault } from './self-test.ts';
import type { WorkerData, WorkerMessage } from './worker-data.ts';

const WORKER = new URL('./batch-worker.ts', import.meta.url);
/** What the thread needs of memory stays far below; a leak would end it and not the machine. */
const HEAP_MB_MAX = 64;

/** One line for the log, whatever the fault. */
export function warnOfFault(logger: StunLogger | undefined, error: unknown): void {
  const fault = error instanceof Error ? error.message.split('\n')[0] : String(error);
  logger?.warn({ fault }, 'STUN answers one datagram at a time: batches do not work here');
}

/** Undefined where this machine cannot, with a warning when it should. */
export function openBatchedUdp(
  logger: StunLogger | undefined,
  load: () => Libc = loadLibc,
): UdpWay<NativeSocket> | undefined {
  if (!platformHasBatches()) return undefined;
  try {
    const libc = load();
    const fault = findBatchFault(libc);
    if (fault === undefined) return batchedUdp(libc);
    warnOfFault(logger, fault);
  } catch (error) {
    warnOfFault(logger, error);
  }
  return undefined;
}

function batchedUdp(libc: Libc): UdpWay<NativeSocket> {
  return {
    batched: true,
    bind: async (address, port, sharePort) => bindNative(libc, address, port, sharePort),
    serve: (sockets, options) => startWorker(libc, sockets, options),
  };
}

async function startWorker(
  libc: Libc,
  sockets: readonly NativeSocket[],
  { discovers, limit, limiterMemory, logger }: UdpServiceOptions,
): Promise<UdpService> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const counters = counterMemory();
  const wakeFd = libc.eventfd(0, EVENT_FLAGS);
  const workerData: WorkerData = {
    sockets: sockets.map(({ fd, address, port }) => ({ fd, address, port })),
    discovers,
    limit,
    limiterMemory,
    counterMemory: counters,
    wakeFd,
    stopMemory: stop.buffer,
  };
  const worker = new Worker(WORKER, {
    workerData,
    // It needs no loader that this process may have been started with.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
  });
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  try {
    await ready(worker, logger);
  } catch (error) {
    libc.close(wakeFd);
    throw error;
  }
  return {
    metrics: () => readCounts(new Float64Array(counters)),
    async close() {
      Atomics.store(stop, 0, 1);
      const one = BigUint64Array.of(1n);
      libc.write(wakeFd, libc.addressOf(new Uint8Array(one.buffer)), one.byteLength);
      await exited;
      libc.close(wakeFd);
      for (const socket of sockets) await socket.close();
    },
  };
}

/** Rejects when the thread cannot be had. Once it is ready its 'error' is unheard: then a broken invariant ends the process. */
function ready(worker: Worker, logger: StunLogger): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'warning') logger.warn(message.fields, message.message);
      else {
        worker.off('error', reject);
        resolve();
      }
    });
  });
}
