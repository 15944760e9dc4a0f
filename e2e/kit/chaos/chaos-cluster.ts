// Three node processes; data, log and the socket for clients of each lie in one directory.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { initCluster } from '@rockpool/cluster';
import { KvNodeClient, type KvNodeState } from '@rockpool/cluster/testing';
import type { Ground, Way } from './ground.ts';

const NODE_MAIN = join(import.meta.dirname, 'chaos-node-main.ts');
const PEER_PORT = 7400;
const READY_TRIES_MAX = 400;
const READY_TRY_MS = 150;
export const NODES = [0, 1, 2] as const;

export class ChaosCluster {
  readonly directory: string;
  readonly #ground: Ground;
  readonly #running = new Map<number, ChildProcess>();
  readonly #killed = new WeakSet<ChildProcess>();
  /** Nodes that ended though nobody ended them. */
  readonly endedByThemselves: string[] = [];

  private constructor(directory: string, ground: Ground) {
    this.directory = directory;
    this.#ground = ground;
  }

  static async make(directory: string, ground: Ground): Promise<ChaosCluster> {
    const cluster = new ChaosCluster(directory, ground);
    try {
      await initCluster({
        dataDirs: NODES.map((node) => cluster.#path(node, 'data')),
        nodes: NODES.map((node) => ({ name: `${node + 1}`, peerAddress: cluster.#peer(node) })),
      });
      for (const node of NODES) await cluster.start(node);
      await cluster.untilReady();
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  socketOf(node: number): string {
    return join(this.directory, `${node + 1}.sock`);
  }

  async start(node: number): Promise<void> {
    await mkdir(this.#path(node), { recursive: true });
    await rm(this.socketOf(node), { force: true });
    const log = await open(this.#path(node, 'log'), 'a');
    const line = [...this.#ground.enter(node), process.execPath, NODE_MAIN, this.socketOf(node)];
    const [command = process.execPath, ...args] = line;
    const child = spawn(command, args, {
      env: {
        ...process.env,
        ROCKPOOL_PUBLIC_ORIGIN: 'http://localhost:8080',
        ROCKPOOL_DATA: this.#path(node, 'data'),
        ROCKPOOL_PEER_ADDRESS: this.#ground.addressOf(node),
        ROCKPOOL_PEER_PORT: `${PEER_PORT}`,
      },
      stdio: ['pipe', log.fd, log.fd],
    });
    this.#running.set(node, child);
    child.once('exit', (code, signal) => {
      if (this.#killed.has(child)) return;
      this.endedByThemselves.push(`node ${node + 1} ended by itself (${signal ?? code})`);
    });
    await once(child, 'spawn');
    await log.close();
  }

  /** kill -9. */
  async kill(node: number): Promise<void> {
    const child = this.#running.get(node);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.#killed.add(child);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** SIGSTOP and SIGCONT. */
  signal(node: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#running.get(node)?.kill(signal);
  }

  cutOnly(ways: readonly Way[]): Promise<void> {
    return this.#ground.cutOnly(ways);
  }

  /** Rejects when the node does not answer. */
  async stateOf(node: number): Promise<KvNodeState> {
    const client = await KvNodeClient.open(this.socketOf(node), 0);
    try {
      return await client.state();
    } finally {
      client.close();
    }
  }

  /** Every node has caught up, and every group has a leader. */
  async untilReady(): Promise<void> {
    let last: unknown = 'not every node is ready';
    for (let tries = 0; tries < READY_TRIES_MAX; tries += 1) {
      if (this.endedByThemselves.length > 0) throw new Error(this.endedByThemselves.join('; '));
      try {
        const states = await Promise.all(NODES.map((node) => this.stateOf(node)));
        if (states.every(({ ready }) => ready)) return;
      } catch (error) {
        last = error;
      }
      await sleep(READY_TRY_MS);
    }
    throw new Error(`the nodes do not become ready: ${last}`);
  }

  async end(): Promise<void> {
    await Promise.all(NODES.map((node) => this.kill(node)));
    await this.#ground.remove();
  }

  #peer(node: number): string {
    return `${this.#ground.addressOf(node)}:${PEER_PORT}`;
  }

  #path(node: number, ...below: readonly string[]): string {
    return join(this.directory, `node-${node + 1}`, ...below);
  }
}
