// Three node processes, each in a network namespace of its own, with its data, its log and the socket for its clients
// in one directory.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { initCluster } from '@rockpool/cluster';
import { KvNodeClient, type KvNodeState } from '@rockpool/cluster/testing';
import { Namespaces, type Way } from './namespaces.ts';

const NODE_MAIN = join(import.meta.dirname, 'chaos-node-main.ts');
const PEER_PORT = 7400;
const READY_TRIES_MAX = 400;
const READY_TRY_MS = 150;
export const NODES = [0, 1, 2] as const;

export class ChaosCluster {
  readonly directory: string;
  readonly #namespaces: Namespaces;
  readonly #running = new Map<number, ChildProcess>();
  readonly #killed = new WeakSet<ChildProcess>();
  /** Nodes that ended though nobody ended them. */
  readonly endedByThemselves: string[] = [];

  private constructor(directory: string, namespaces: Namespaces) {
    this.directory = directory;
    this.#namespaces = namespaces;
  }

  static async make(directory: string): Promise<ChaosCluster> {
    const namespaces = await Namespaces.make(NODES.length);
    const cluster = new ChaosCluster(directory, namespaces);
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
    const [command, ...enter] = this.#namespaces.enter(node);
    const child = spawn(command, [...enter, process.execPath, NODE_MAIN, this.socketOf(node)], {
      env: {
        ...process.env,
        ROCKPOOL_PUBLIC_ORIGIN: 'http://localhost:8080',
        ROCKPOOL_DATA: this.#path(node, 'data'),
        ROCKPOOL_PEER_ADDRESS: this.#namespaces.addressOf(node),
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
    return this.#namespaces.cutOnly(ways);
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
    await this.#namespaces.remove();
  }

  #peer(node: number): string {
    return `${this.#namespaces.addressOf(node)}:${PEER_PORT}`;
  }

  #path(node: number, ...below: readonly string[]): string {
    return join(this.directory, `node-${node + 1}`, ...below);
  }
}
