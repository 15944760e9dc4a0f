// A node of the cluster as `rockpool node` opens it, from the same settings, with a key-value state machine in
// place of the directory, and a TCP port for the load: kv-node-main.ts PORT.
import { createServer, type Server } from 'node:net';
import { type Cluster, type ClusterLogger, SLOTS } from '@rockpool/cluster';
import { loadConfig, openCluster } from '@rockpool/server';
import { BatchedSocket } from './batched-socket.ts';
import { frameBuffer } from './frame-buffer.ts';
import { PAGE_ROWS_MAX } from './key-value-client.ts';
import {
  decodeKvFrame,
  encodeKvFrame,
  encodeRows,
  KV_REQUEST,
  KV_SHAPE,
  KV_STATUS,
  type KvFrame,
} from './kv-frames.ts';
import { kvMachine } from './kv-machine.ts';
import type { KvNodeState } from './kv-node-client.ts';

const SLOT_BYTES = 2;

const loaded = loadConfig(process.env);
if (!loaded.ok) throw new Error(loaded.problems.join('; '));
const fatal = (error: Error): void => {
  throw error;
};
const cluster = await openCluster(loaded.config, {
  stateMachine: kvMachine,
  logger: consoleLogger(),
  onFatal: fatal,
});
/** The first slot of each shard group. */
const firstSlotOfGroups = firstSlots(cluster);
const server = await listen(Number(process.argv[2]));
// The bench kills; whoever profiles asks, so that the profile is written.
process.once('SIGTERM', () => {
  server.close();
  void cluster.stop().then(() => process.exit());
});

async function listen(port: number): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const listening = createServer((raw) => {
    const socket = new BatchedSocket(raw);
    const frames = frameBuffer(KV_SHAPE);
    socket.onData((chunk) => {
      for (const frame of frames(chunk)) void answer(cluster, socket, decodeKvFrame(frame));
    });
  });
  listening.once('error', reject);
  listening.listen(port, '127.0.0.1', resolve);
  await promise;
  return listening;
}

async function answer(node: Cluster, socket: BatchedSocket, frame: KvFrame): Promise<void> {
  try {
    const body = await carryOut(node, frame);
    socket.write(encodeKvFrame(frame.request, KV_STATUS.done, body));
  } catch (error) {
    const words = Buffer.from(error instanceof Error ? error.message : String(error));
    socket.write(encodeKvFrame(frame.request, KV_STATUS.refused, words));
  }
}

async function carryOut(node: Cluster, { code, body }: KvFrame): Promise<Uint8Array> {
  if (code === KV_REQUEST.state) return Buffer.from(JSON.stringify(stateOf(node)));
  const slot = body.readUInt16BE();
  const rest = body.subarray(SLOT_BYTES);
  if (code === KV_REQUEST.put) {
    const { reply } = await node.submit(slot, rest);
    return reply;
  }
  if (code !== KV_REQUEST.page) throw new Error(`no request of kind ${code}`);
  const after = rest.length === 0 ? {} : { after: rest };
  const rows = await node.scan(slot, { prefix: Buffer.alloc(0), limit: PAGE_ROWS_MAX, ...after });
  return encodeRows(rows.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }])));
}

function stateOf(node: Cluster): KvNodeState {
  const groups = firstSlotOfGroups.map((slot) => ({
    slot,
    leads: node.isLeader(node.groupOf(slot)),
  }));
  return { ready: node.ready(), groups };
}

function firstSlots(node: Cluster): readonly number[] {
  const slots = new Map<number, number>();
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const group = node.groupOf(slot);
    if (!slots.has(group)) slots.set(group, slot);
  }
  return [...slots.values()];
}

/** What a node would log at its usual level. */
function consoleLogger(): ClusterLogger {
  const line = (fields: object, message: string): void => {
    process.stdout.write(`${JSON.stringify({ ...fields, message })}\n`);
  };
  return { debug: () => {}, info: line, warn: line, error: line };
}
