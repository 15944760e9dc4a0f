// Real nodes in this process: own directories, TLS between them, loopback ports that were free.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '@rockpool/cli';
import { initCluster } from '@rockpool/cluster';
import { fromBase64url } from '@rockpool/protocol';
import { askFirstAdminInvite } from '../../src/control/control-client.ts';
import { type Config, type RunningNode, readConfig, startNode } from '../../src/index.ts';
import type { LocalNode } from '../../src/launcher/launcher-file.ts';
import { choosePorts, STUN_PORT_SHARED } from '../../src/launcher/local-ports.ts';
import { TestClient } from './test-client.ts';

export const ORIGIN = 'http://localhost:8080';
const READY_MAX_MS = 30_000;
const READY_POLL_MS = 25;

export class TestCluster {
  readonly dir: string;
  readonly nodes: readonly LocalNode[];
  readonly running = new Map<string, RunningNode>();
  /** Log lines of all nodes. */
  readonly logged: string[] = [];

  readonly #settings: Environment;

  private constructor(dir: string, nodes: readonly LocalNode[], settings: Environment) {
    this.dir = dir;
    this.nodes = nodes;
    this.#settings = settings;
  }

  /** `settings` are variables of all nodes besides the usual ones. */
  static async start(count: 1 | 3, settings: Environment = {}): Promise<TestCluster> {
    const dir = await mkdtemp(join(tmpdir(), 'rockpool-server-'));
    const cluster = new TestCluster(dir, await choosePorts(count, []), settings);
    await writeWebClient(join(dir, 'web'));
    await initCluster({
      dataDirs: cluster.nodes.map(({ name }) => cluster.dataDir(name)),
      nodes: cluster.nodes.map(({ name, peerPort }) => {
        return { name, peerAddress: `127.0.0.1:${peerPort}` };
      }),
    });
    await Promise.all(cluster.nodes.map(({ name }) => cluster.startNode(name)));
    await cluster.ready();
    return cluster;
  }

  dataDir(name: string): string {
    return join(this.dir, `node-${name}`);
  }

  async startNode(name: string): Promise<void> {
    const logSink = (line: string) => void this.logged.push(line);
    this.running.set(name, await startNode({ config: this.#config(name), logSink }));
  }

  async stopNode(name: string): Promise<void> {
    const node = this.running.get(name);
    this.running.delete(name);
    await node?.stop();
  }

  /** Every running node can serve everything. */
  async ready(): Promise<void> {
    const deadline = performance.now() + READY_MAX_MS;
    for (;;) {
      const states = await Promise.all([...this.running.values()].map((node) => node.status()));
      if (states.every(({ ready }) => ready)) return;
      if (performance.now() > deadline) throw new Error('the nodes did not become ready');
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
  }

  client(name: string, origin = ORIGIN): Promise<TestClient> {
    return TestClient.open(this.port(name), origin);
  }

  port(name: string): number {
    return this.running.get(name)!.httpPort;
  }

  async firstAdminToken(name: string): Promise<Uint8Array> {
    const { link } = await askFirstAdminInvite(this.dataDir(name));
    return fromBase64url(link.split('#admin=')[1]!)!;
  }

  async discard(): Promise<void> {
    await Promise.all([...this.running.keys()].map((name) => this.stopNode(name)));
    await rm(this.dir, { recursive: true, force: true });
  }

  #config(name: string): Config {
    const node = this.nodes.find((each) => each.name === name)!;
    const read = readConfig(
      {
        ROCKPOOL_PUBLIC_ORIGIN: ORIGIN,
        ROCKPOOL_DATA: this.dataDir(name),
        ROCKPOOL_DISK_BALLAST: '0',
        ROCKPOOL_HTTP_PORT: '0',
        ROCKPOOL_PEER_ADDRESS: '127.0.0.1',
        ROCKPOOL_PEER_PORT: String(node.peerPort),
        ROCKPOOL_STUN_ADDRESS: '127.0.0.1',
        ROCKPOOL_STUN_PORT: String(node.stunPort),
        ...(STUN_PORT_SHARED ? { ROCKPOOL_STUN_SHARE_PORT: 'yes' } : {}),
        ROCKPOOL_METRICS_PORT: String(node.metricsPort),
        ROCKPOOL_WEB_DIR: join(this.dir, 'web'),
        ...this.#settings,
      },
      {},
    );
    if (!read.ok) throw new Error(read.problems.join('; '));
    return read.config;
  }
}

async function writeWebClient(dir: string): Promise<void> {
  await mkdir(join(dir, 'assets'), { recursive: true });
  await writeFile(join(dir, 'index.html'), '<!doctype html>\n');
  await writeFile(join(dir, 'assets', 'app-1234.js'), '1\n');
}
