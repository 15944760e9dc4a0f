// One node as a process of its own, for tests that kill processes: started by fork, told over its IPC
// channel what to submit and read. Peers' addresses come from the parent, since each start binds
// another port.

import type { ClusterNode } from '../src/node/cluster-node.ts';
import { startCluster } from '../src/node/start-cluster.ts';
import { NodeError } from '../src/node-error.ts';
import type { ClusterLogger } from '../src/options.ts';
import { ClusterError } from '../src/ports.ts';
import { counterMachine } from './counter-machine.ts';

export type ToyRequest =
  | { readonly kind: 'addresses'; readonly addresses: Readonly<Record<string, string>> }
  | { readonly kind: 'submit'; readonly id: number; readonly slot: number; readonly key: string }
  | { readonly kind: 'read'; readonly id: number; readonly slot: number; readonly key: string }
  /** All rows of a slot, after a barrier. */
  | { readonly kind: 'rows'; readonly id: number; readonly slot: number };

export type ToyReply =
  | { readonly kind: 'started'; readonly nodeId: string; readonly address: string }
  | { readonly kind: 'stopped'; readonly code: string }
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string };

const TIMEOUT_MS = 4_000;
const TIMING = { tickMs: 20, electionTicks: 10, heartbeatTicks: 2 };
/** So little that a killed node often needs a snapshot. */
const RETENTION = { entries: 20, bytes: 100_000, bytesMax: 200_000 };
const silent = () => {};
const LOGGER: ClusterLogger = { debug: silent, info: silent, warn: silent, error: silent };

function tell(reply: ToyReply): void {
  if (process.connected) process.send?.(reply);
}

/** Says why and ends; the channel is given the time to carry it. */
function stopped(code: string): void {
  if (process.connected) process.send?.({ kind: 'stopped', code } satisfies ToyReply, end);
  else end();
}

function end(): void {
  process.exit(1);
}

function codeOf(error: unknown): string {
  return error instanceof NodeError || error instanceof ClusterError ? error.code : 'CRASHED';
}

async function answer(cluster: ClusterNode, request: Exclude<ToyRequest, { kind: 'addresses' }>) {
  const { slot } = request;
  switch (request.kind) {
    case 'submit': {
      const submitted = await cluster.submit(slot, Buffer.from(request.key), {
        timeoutMs: TIMEOUT_MS,
      });
      return Buffer.from(submitted.reply).readUInt32BE();
    }
    case 'read': {
      await cluster.barrier(slot, { timeoutMs: TIMEOUT_MS });
      const value = await cluster.get(slot, Buffer.from(request.key));
      return value === undefined ? 0 : Buffer.from(value).readUInt32BE();
    }
    case 'rows': {
      await cluster.barrier(slot, { timeoutMs: TIMEOUT_MS });
      const rows = await cluster.scan(slot, { prefix: new Uint8Array(0), limit: 10_000 });
      return rows.map(({ key, value }) => [
        Buffer.from(key).toString(),
        Buffer.from(value ?? []).readUInt32BE(),
      ]);
    }
  }
}

async function run(dataDir: string): Promise<void> {
  let addresses: Readonly<Record<string, string>> = {};
  let cluster: ClusterNode | undefined;
  process.on('message', (request: ToyRequest) => {
    if (request.kind === 'addresses') {
      addresses = request.addresses;
      return;
    }
    const { id } = request;
    if (cluster === undefined) tell({ kind: 'failed', id, code: 'STARTING' });
    else {
      answer(cluster, request).then(
        (value) => tell({ kind: 'done', id, value }),
        (error: unknown) => tell({ kind: 'failed', id, code: codeOf(error) }),
      );
    }
  });
  process.on('disconnect', end);
  cluster = await startCluster({
    dataDir,
    stateMachine: counterMachine,
    logger: LOGGER,
    listenAddress: '127.0.0.1:0',
    addressOf: (node) => addresses[node.id],
    timing: TIMING,
    retention: RETENTION,
    onFatal: (error) => stopped(error.code),
  });
  const { self, listenAddress } = cluster.status();
  tell({ kind: 'started', nodeId: self.id, address: listenAddress });
}

run(process.argv[2] ?? '').catch((error: unknown) => stopped(codeOf(error)));
