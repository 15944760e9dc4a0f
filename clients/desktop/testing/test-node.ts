// One real node as a process of its own, on loopback ports that were free.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { freeTcpPort } from '@rockpool/server';
import { COMMAND, type Ran, runCommand } from './run-command.ts';

const READY_MAX_MS = 60_000;
const READY_POLL_MS = 50;

export class TestNode {
  readonly origin: string;
  #env: Readonly<Record<string, string>>;
  #child: ChildProcess;

  private constructor(origin: string, env: Readonly<Record<string, string>>) {
    this.origin = origin;
    this.#env = env;
    this.#child = spawnNode(env);
  }

  /** `more`: settings beside those of a node alone on loopback. */
  static async start(dir: string, more: Readonly<Record<string, string>> = {}): Promise<TestNode> {
    const [http, peer] = [await freeTcpPort(), await freeTcpPort()];
    const origin = `http://localhost:${http}`;
    const env = {
      ROCKPOOL_DATA: join(dir, 'node'),
      ROCKPOOL_PUBLIC_ORIGIN: origin,
      ROCKPOOL_HTTP_PORT: String(http),
      ROCKPOOL_PEER_ADDRESS: '127.0.0.1',
      ROCKPOOL_PEER_PORT: String(peer),
      ROCKPOOL_STUN_PORT: '0',
      ROCKPOOL_METRICS_PORT: '0',
      ROCKPOOL_WEB_DIR: dir,
      ...more,
    };
    await mkdir(dir, { recursive: true });
    const made = await runCommand(['init', '--data', join(dir, 'node')], { env });
    if (made.code !== 0) throw new Error(made.errors);
    const node = new TestNode(origin, env);
    await node.#ready();
    return node;
  }

  async firstAdminLink(): Promise<string> {
    const { out } = await runCommand(['invite', '--first-admin', '--print'], { env: this.#env });
    return `${this.origin}/${out.slice(out.indexOf('#')).trim()}`;
  }

  /** The fragment of a first-admin link. */
  async adminFragment(): Promise<string> {
    return new URL(await this.firstAdminLink()).hash.slice(1);
  }

  /** A command of the operator, to its end. */
  command(...args: readonly string[]): Promise<Ran> {
    return runCommand(args, { env: this.#env });
  }

  /** The machine burns down; a new one begins with a backup, at the same place. */
  async restore(file: string, dataDir: string): Promise<void> {
    await this.stop();
    this.#env = { ...this.#env, ROCKPOOL_DATA: dataDir };
    const peer = `127.0.0.1:${this.#env['ROCKPOOL_PEER_PORT']}`;
    const nodes = ['--nodes', `1=${peer}`];
    const made = await this.command('restore', file, '--data', `${dataDir}-made`, ...nodes);
    if (made.code !== 0) throw new Error(made.errors);
    await rename(join(`${dataDir}-made`, 'node-1'), dataDir);
    this.#child = spawnNode(this.#env);
    await this.#ready();
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null && this.#child.kill('SIGTERM')) await gone;
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + READY_MAX_MS;
    for (;;) {
      const response = await fetch(`${this.origin}/readyz`).catch(() => undefined);
      if (response?.ok === true) return;
      if (performance.now() > deadline) throw new Error('the node did not become ready');
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
  }
}

function spawnNode(env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [COMMAND, 'node'], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
}
