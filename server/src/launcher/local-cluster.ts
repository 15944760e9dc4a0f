// A cluster on one machine: directories, ports and settings of its nodes, their processes, and the
// front door before them.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { initCluster, isInitialised } from '@rockpool/cluster';
import { nodeDirectory } from '../cli/init-command.ts';
import type { VariableName } from '../config-variables.ts';
import { askStatus } from '../control/control-client.ts';
import type { NodeStatus } from '../control/control-messages.ts';
import { LOOPBACK } from './free-ports.ts';
import { type FrontDoor, openFrontDoor } from './front-door.ts';
import { LauncherError } from './launcher-error.ts';
import {
  isLauncherDirectory,
  type LocalNode,
  readLauncherFile,
  writeLauncherFile,
} from './launcher-file.ts';
import type { LauncherOptions } from './launcher-options.ts';
import { choosePorts, STUN_PORT_SHARED } from './local-ports.ts';
import type { NodeLine } from './node-board.ts';
import { NodeProcess } from './node-process.ts';

export interface LocalCluster {
  readonly nodes: readonly LocalNode[];
  readonly origin: string;
  dataDirOf(node: LocalNode): string;
  /** Nodes that can serve everything. */
  readyNodes(): number;
  lines(): Promise<readonly NodeLine[]>;
  stop(): Promise<void>;
}

export interface LocalClusterOptions extends Omit<LauncherOptions, 'demo'> {
  readonly webDir: string;
  /** A node started, stopped, became ready or ceased to be. */
  changed(): void;
}

export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { dataDir, port } = options;
  if (options.fresh) wipe(dataDir);
  const former = readLauncherFile(dataDir);
  const count = former?.nodes.length ?? options.nodes;
  if (count !== options.nodes) {
    throw new LauncherError(
      'LAUNCHER_NODE_COUNT',
      `${dataDir} holds a cluster of ${count === 1 ? 'one node' : `${count} nodes`}. Start with --nodes ${count}, or with --fresh.`,
    );
  }
  const nodes = await choosePorts(count, former?.nodes ?? []);
  // The port first: a cluster that nobody can reach must not be made.
  const door = await openDoor(port, nodes, options.changed);
  try {
    await initialise(dataDir, nodes);
  } catch (error) {
    await door.close();
    throw error;
  }
  return new RunningLocalCluster(options, nodes, door);
}

class RunningLocalCluster implements LocalCluster {
  readonly nodes: readonly LocalNode[];
  readonly origin: string;
  readonly #dataDir: string;
  readonly #door: FrontDoor;
  readonly #processes: readonly NodeProcess[];

  constructor(options: LocalClusterOptions, nodes: readonly LocalNode[], door: FrontDoor) {
    this.nodes = nodes;
    this.origin = `http://localhost:${door.port}`;
    this.#dataDir = options.dataDir;
    this.#door = door;
    this.#processes = nodes.map((node) => {
      return new NodeProcess({
        name: node.name,
        settings: this.#settingsOf(node, options.webDir),
        logPath: join(options.dataDir, 'logs', `node-${node.name}.log`),
        changed: options.changed,
      });
    });
    for (const process of this.#processes) process.start();
  }

  dataDirOf(node: LocalNode): string {
    return nodeDirectory(this.#dataDir, node.name);
  }

  readyNodes(): number {
    return this.nodes.filter(({ name }) => this.#door.ready(name)).length;
  }

  lines(): Promise<readonly NodeLine[]> {
    return Promise.all(
      this.#processes.map(async ({ name, pid, lastEnd }, i): Promise<NodeLine> => {
        const node = this.nodes[i];
        const alive = pid !== undefined && node !== undefined;
        const status = alive ? await statusOf(this.dataDirOf(node)) : undefined;
        return { name, pid, lastEnd, status };
      }),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
    await this.#door.close();
  }

  #settingsOf(node: LocalNode, webDir: string): Readonly<Record<string, string>> {
    const stun = new Set(this.nodes.map(({ stunPort }) => `stun:${LOOPBACK}:${stunPort}`));
    const peers = this.nodes.map(({ name, peerPort }) => `${name}=${LOOPBACK}:${peerPort}`);
    return {
      ROCKPOOL_PUBLIC_ORIGIN: this.origin,
      ROCKPOOL_DATA: this.dataDirOf(node),
      ROCKPOOL_HTTP_ADDRESS: LOOPBACK,
      ROCKPOOL_HTTP_PORT: String(node.httpPort),
      ROCKPOOL_PEER_ADDRESS: LOOPBACK,
      ROCKPOOL_PEER_PORT: String(node.peerPort),
      ROCKPOOL_PEERS: peers.join(','),
      ROCKPOOL_STUN_ADDRESS: LOOPBACK,
      ROCKPOOL_STUN_PORT: String(node.stunPort),
      ROCKPOOL_STUN_SHARE_PORT: STUN_PORT_SHARED ? 'yes' : 'no',
      ROCKPOOL_STUN_URLS: [...stun].join(','),
      ROCKPOOL_METRICS_ADDRESS: LOOPBACK,
      ROCKPOOL_METRICS_PORT: String(node.metricsPort),
      ROCKPOOL_WEB_DIR: webDir,
    } satisfies Partial<Record<VariableName, string>>;
  }
}

async function openDoor(
  port: number,
  nodes: readonly LocalNode[],
  changed: () => void,
): Promise<FrontDoor> {
  const upstreams = nodes.map(({ name, httpPort }) => ({ name, port: httpPort }));
  try {
    return await openFrontDoor({ port, upstreams, changed });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') {
      throw new LauncherError(
        'LAUNCHER_PORT_IN_USE',
        `Port ${port} is in use on this machine, perhaps by another Rockpool. ` +
          `Stop that program, or choose another port: npm start -- --port ${port + 1}`,
      );
    }
    if (code === 'EACCES') {
      throw new LauncherError(
        'LAUNCHER_PORT_FORBIDDEN',
        `Port ${port} needs more rights. Choose one above 1023.`,
      );
    }
    throw error;
  }
}

// The file first: it marks the directory as ours, so that --fresh may clear away a start that failed.
async function initialise(dataDir: string, nodes: readonly LocalNode[]): Promise<void> {
  mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
  writeLauncherFile(dataDir, { version: 1, nodes });
  const dataDirs = nodes.map(({ name }) => nodeDirectory(dataDir, name));
  const made = await Promise.all(dataDirs.map((dir) => isInitialised(dir)));
  if (made.every((done) => done)) return;
  if (made.some((done) => done)) {
    throw new LauncherError(
      'LAUNCHER_DATA_PARTIAL',
      `${dataDir} holds only a part of a cluster. Start with --fresh.`,
    );
  }
  await initCluster({
    dataDirs,
    nodes: nodes.map(({ name, peerPort }) => ({ name, peerAddress: `${LOOPBACK}:${peerPort}` })),
  });
}

function wipe(dataDir: string): void {
  if (!isLauncherDirectory(dataDir)) {
    throw new LauncherError(
      'LAUNCHER_DATA_FOREIGN',
      `${dataDir} was not made by this launcher, so --fresh does not delete it.`,
    );
  }
  rmSync(dataDir, { recursive: true, force: true });
}

async function statusOf(dataDir: string): Promise<NodeStatus | undefined> {
  try {
    return await askStatus(dataDir);
  } catch {
    return undefined; // it is starting, or has just died; its line says so
  }
}
