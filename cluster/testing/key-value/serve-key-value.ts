// A door for key-value clients to a running node, on a loopback port or on a socket in the file system (which
// reaches a process in another network namespace).
import { createServer, type Server } from 'node:net';
import { type Cluster, ClusterError, SLOTS } from '../../src/ports.ts';
import { BatchedSocket } from './batched-socket.ts';
import { frameBuffer } from './frame-buffer.ts';
import { PAGE_ROWS_MAX } from './key-value-client.ts';
import { encodeFound } from './kv-command.ts';
import {
  decodeKvFrame,
  encodeKvFrame,
  encodeRows,
  KV_REQUEST,
  KV_SHAPE,
  KV_STATUS,
  type KvFrame,
} from './kv-frames.ts';
import type { KvNodeState } from './kv-node-client.ts';

const SLOT_BYTES = 2;

/** Resolves once it listens. */
export async function serveKeyValue(cluster: Cluster, place: number | string): Promise<Server> {
  const node = new KeyValueNode(cluster);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const listening = createServer((raw) => {
    const socket = new BatchedSocket(raw);
    const frames = frameBuffer(KV_SHAPE);
    socket.onData((chunk) => {
      for (const frame of frames(chunk)) void node.answer(socket, decodeKvFrame(frame));
    });
  });
  listening.once('error', reject);
  if (typeof place === 'number') listening.listen(place, '127.0.0.1', resolve);
  else listening.listen(place, resolve);
  await promise;
  return listening;
}

class KeyValueNode {
  readonly #cluster: Cluster;
  readonly #firstSlotOfGroups: ReadonlyMap<number, number>;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#firstSlotOfGroups = firstSlots(cluster);
  }

  async answer(socket: BatchedSocket, frame: KvFrame): Promise<void> {
    try {
      const body = await this.#carryOut(frame);
      socket.write(encodeKvFrame(frame.request, KV_STATUS.done, body));
    } catch (error) {
      const words = Buffer.from(error instanceof Error ? error.message : String(error));
      const isRefusal = error instanceof ClusterError && error.code !== 'CLUSTER_TIMEOUT';
      const status = isRefusal ? KV_STATUS.refused : KV_STATUS.unknown;
      socket.write(encodeKvFrame(frame.request, status, words));
    }
  }

  async #carryOut({ code, body }: KvFrame): Promise<Uint8Array> {
    if (code === KV_REQUEST.state) return Buffer.from(JSON.stringify(await this.#state()));
    const slot = body.readUInt16BE();
    const rest = body.subarray(SLOT_BYTES);
    switch (code) {
      case KV_REQUEST.command: {
        const { reply } = await this.#cluster.submit(slot, rest);
        return reply;
      }
      case KV_REQUEST.read: {
        await this.#cluster.barrier(slot);
        return encodeFound(await this.#cluster.get(slot, rest));
      }
      case KV_REQUEST.page:
        return this.#page(slot, rest);
      default:
        throw new Error(`no request of kind ${code}`);
    }
  }

  async #page(slot: number, rest: Buffer): Promise<Uint8Array> {
    const after = rest.length === 0 ? {} : { after: rest };
    const all = { prefix: Buffer.alloc(0), limit: PAGE_ROWS_MAX, ...after };
    const rows = await this.#cluster.scan(slot, all);
    return encodeRows(rows.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }])));
  }

  async #state(): Promise<KvNodeState> {
    const { groups } = await this.#cluster.status();
    return {
      ready: await this.#cluster.ready(),
      groups: groups.flatMap(({ group, role, term }) => {
        const slot = this.#firstSlotOfGroups.get(group);
        return slot === undefined ? [] : [{ slot, leads: role === 'leader', term }];
      }),
    };
  }
}

/** The first slot of each shard group. */
function firstSlots(cluster: Cluster): ReadonlyMap<number, number> {
  const slots = new Map<number, number>();
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const group = cluster.groupOf(slot);
    if (!slots.has(group)) slots.set(group, slot);
  }
  return slots;
}
