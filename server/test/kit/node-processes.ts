// Nodes as an operator has them: the installed command, one process each, directories that may vanish.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { askStatus } from '../../src/control/control-client.ts';
import type { NodeStatus } from '../../src/control/control-messages.ts';
import type { LocalNode } from '../../src/launcher/launcher-file.ts';
import { choosePorts } from '../../src/launcher/local-ports.ts';
import { ORIGIN } from './test-cluster.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'bin', 'main.ts');
const WAIT_MAX_MS = 120_000;
const POLL_MS = 50;

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

export class NodeProcesses {
  readonly dir: string;
  readonly ports: readonly LocalNode[];
  readonly #running = new Map<string, { child: ChildProcess; ended: Promise<Ended> }>();

  private constructor(dir: string, ports: readonly LocalNode[]) {
    this.dir = dir;
    this.ports = ports;
  }

  /** Room for so many nodes; none of them is made yet. */
  static async make(count: number): Promise<NodeProcesses> {
    const dir = await mkdtemp(join(tmpdir(), 'rockpool-processes-'));
    await mkdir(join(dir, 'web'));
    await writeFile(join(dir, 'web', 'index.html'), '<!doctype html>\n');
    return new NodeProcesses(dir, await choosePorts(count, []));
  }

  dataDir(name: string): string {
    return join(this.dir, `node-${name}`);
  }

  peerAddress(name: string): string {
    return `127.0.0.1:${this.#portsOf(name).peerPort}`;
  }

  httpPort(name: string): number {
    return this.#portsOf(name).httpPort;
  }

  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Ended> {
    return new Promise((resolve) => {
      execFile(process.execPath, [MAIN, ...args], (error, out, errors) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
        resolve({ code, out, errors });
      });
    });
  }

  /** A token of the named node. */
  async token(name: string): Promise<string> {
    const { out } = await this.run('token', '--print', '--data', this.dataDir(name));
    return out.trim();
  }

  start(name: string, dataDir = this.dataDir(name)): void {
    const child = spawn(process.execPath, [MAIN, 'node'], {
      env: { ...process.env, ...this.#settings(name, dataDir) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) => resolve({ code: code ?? -1, out: '', errors }));
    });
    this.#running.set(name, { child, ended });
  }

  /** Without a warning, and its directory is gone: to where its ghost may come back from. */
  async destroy(name: string, ghostDir: string): Promise<void> {
    await this.#end(name, 'SIGKILL');
    await rename(this.dataDir(name), ghostDir);
  }

  /** Resolves when the process has ended by itself. */
  async ended(name: string): Promise<Ended> {
    const ended = await this.#running.get(name)!.ended;
    this.#running.delete(name);
    return ended;
  }

  status(name: string): Promise<NodeStatus> {
    return askStatus(this.dataDir(name));
  }

  async until(name: string, isSo: (status: NodeStatus) => boolean): Promise<NodeStatus> {
    const deadlineMs = performance.now() + WAIT_MAX_MS;
    for (;;) {
      const status = await this.status(name).catch(() => undefined);
      if (status !== undefined && isSo(status)) return status;
      if (performance.now() > deadlineMs) throw new Error(`node ${name} did not come that far`);
      await setTimeout(POLL_MS);
    }
  }

  async discard(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.#end(name, 'SIGTERM')));
    await rm(this.dir, { recursive: true, force: true });
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    const running = this.#running.get(name);
    this.#running.delete(name);
    running?.child.kill(signal);
    await running?.ended;
  }

  #portsOf(name: string): LocalNode {
    return this.ports.find((node) => node.name === name)!;
  }

  #settings(name: string, dataDir: string): Readonly<Record<string, string>> {
    const { httpPort, peerPort } = this.#portsOf(name);
    return {
      ROCKPOOL_PUBLIC_ORIGIN: ORIGIN,
      ROCKPOOL_DATA: dataDir,
      ROCKPOOL_HTTP_PORT: String(httpPort),
      ROCKPOOL_PEER_ADDRESS: '127.0.0.1',
      ROCKPOOL_PEER_PORT: String(peerPort),
      ROCKPOOL_STUN_PORT: '0',
      ROCKPOOL_METRICS_PORT: '0',
      ROCKPOOL_WEB_DIR: join(this.dir, 'web'),
    };
  }
}
