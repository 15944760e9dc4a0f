// Starts a node in a thread of its own, so that nothing the application does keeps it from its ticks: not ten thousand sockets
// at once, nor their signatures. A thread that ends by itself is a failure of the node, told with a code like any other.

import { Worker } from 'node:worker_threads';
import { NodeError } from '../node-error.ts';
import type { ThreadOptions } from '../options.ts';
import type { Cluster } from '../ports.ts';
import { BatchedPort } from './batched-port.ts';
import { uncarry } from './carried-error.ts';
import { logTo } from './log-lines.ts';
import type { FromNode, ToNode } from './messages.ts';
import { RemoteCluster } from './remote-cluster.ts';

const THREAD_MAIN = new URL('./thread-main.ts', import.meta.url);

/** Rejects with NodeError. */
export function startClusterThread(options: ThreadOptions): Promise<Cluster> {
  return new ClusterThread(options).started;
}

class ClusterThread {
  readonly started: Promise<Cluster>;
  readonly #options: ThreadOptions;
  readonly #worker: Worker;
  readonly #port: BatchedPort<ToNode, FromNode>;
  readonly #starting = Promise.withResolvers<Cluster>();
  #cluster: RemoteCluster | undefined;
  /** Its end is no news: it was told to, or has said why. */
  #isEnding = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.started = this.#starting.promise;
    const { logger: _logger, onFatal: _onFatal, ...workerData } = options;
    this.#worker = new Worker(THREAD_MAIN, { name: 'cluster', workerData });
    this.#port = new BatchedPort(this.#worker, { received: (message) => this.#received(message) });
    this.#worker.on('error', (error) => this.#ended(error));
    this.#worker.on('exit', (code) => this.#ended(new Error(`exit code ${code}`)));
  }

  #received(message: FromNode): void {
    switch (message[0]) {
      case 'log':
        logTo(this.#options.logger, message);
        return;
      case 'started':
        this.#cluster = new RemoteCluster(message[1], {
          port: this.#port,
          close: () => this.#close(),
        });
        this.#starting.resolve(this.#cluster);
        return;
      case 'notStarted':
        this.#starting.reject(uncarry(message[1]));
        void this.#close();
        return;
      case 'fatal':
        this.#isEnding = true;
        this.#options.onFatal?.(uncarry(message[1]) as NodeError);
        return;
      default:
        this.#cluster?.received(message);
    }
  }

  async #close(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }

  #ended(cause: unknown): void {
    this.#cluster?.ended();
    if (this.#isEnding) return;
    this.#isEnding = true;
    const words = cause instanceof Error ? cause.message : String(cause);
    const error = new NodeError('NODE_THREAD_FAILED', `It said: ${words}.`, { cause });
    this.#starting.reject(error);
    if (this.#cluster === undefined) return;
    const { logger, onFatal } = this.#options;
    logger.error({ code: error.code, err: cause }, error.message);
    if (onFatal === undefined) throw error;
    onFatal(error);
  }
}
