// Real nodes in one process for tests: own temporary directories, TLS on loopback with port 0, short
// elections. Addresses are known once the listeners are bound, so nodes ask for them as they dial.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterNode } from '../src/node/cluster-node.ts';
import { initCluster } from '../src/node/init-cluster.ts';
import { joinCluster } from '../src/node/join-cluster.ts';
import { startCluster } from '../src/node/start-cluster.ts';
import type { ClusterLogger, InitResult, StartOptions } from '../src/options.ts';
import type { ClusterView, NewNode, StateMachine } from '../src/ports.ts';

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Calls back as lines come; awaits one that matches. */
export class TestLog implements ClusterLogger {
  readonly lines: LoggedLine[] = [];
  #waiting: { matches: (line: LoggedLine) => boolean; found: (line: LoggedLine) => void }[] = [];

  debug = (fields: object, message: string) => this.#add('debug', fields, message);
  info = (fields: object, message: string) => this.#add('info', fields, message);
  warn = (fields: object, message: string) => this.#add('warn', fields, message);
  error = (fields: object, message: string) => this.#add('error', fields, message);

  code(code: string): Promise<LoggedLine> {
    const matches = (line: LoggedLine) => line.fields['code'] === code;
    const earlier = this.lines.find(matches);
    if (earlier !== undefined) return Promise.resolve(earlier);
    return new Promise((found) => this.#waiting.push({ matches, found }));
  }

  #add(level: LoggedLine['level'], fields: object, message: string): void {
    const line = { level, fields: { ...fields }, message };
    this.lines.push(line);
    this.#waiting = this.#waiting.filter(({ matches, found }) => {
      if (matches(line)) found(line);
      return !matches(line);
    });
  }
}

export class TestNodes {
  readonly made: InitResult;
  readonly dataDirs: string[];
  readonly logs: TestLog[];
  readonly #ids: string[];
  readonly running = new Map<number, ClusterNode>();
  readonly #machine: StateMachine;
  readonly #root: string;
  readonly #addresses = new Map<string, string>();

  private constructor(root: string, dataDirs: string[], made: InitResult, machine: StateMachine) {
    this.#root = root;
    this.dataDirs = dataDirs;
    this.made = made;
    this.#ids = made.nodes.map(({ id }) => id);
    this.logs = dataDirs.map(() => new TestLog());
    this.#machine = machine;
  }

  static async init(machine: StateMachine, count: 1 | 3, shardGroups = 2): Promise<TestNodes> {
    const root = await mkdtemp(join(tmpdir(), 'rockpool-cluster-'));
    const names = ['1', '2', '3'].slice(0, count);
    const dataDirs = names.map((name) => join(root, `node-${name}`));
    const nodes = names.map((name) => ({ name, peerAddress: '127.0.0.1:1' }));
    const made = await initCluster({ dataDirs, nodes, shardGroups });
    return new TestNodes(root, dataDirs, made, machine);
  }

  /** Of directories that hold nodes already; `root` goes with them at the end. */
  static of(root: string, dataDirs: readonly string[], made: InitResult, machine: StateMachine) {
    return new TestNodes(root, [...dataDirs], made, machine);
  }

  async start(at: number, options: Partial<StartOptions> = {}): Promise<ClusterNode> {
    const cluster = await startCluster({
      dataDir: this.dataDirs[at]!,
      stateMachine: this.#machine,
      logger: this.logs[at]!,
      listenAddress: '127.0.0.1:0',
      addressOf: (node) => this.#addresses.get(node.id),
      timing: { tickMs: 10, electionTicks: 15, heartbeatTicks: 3 },
      ...options,
    });
    this.#addresses.set(this.#ids[at]!, cluster.status().listenAddress);
    this.running.set(at, cluster);
    return cluster;
  }

  /** Makes one more node, which the given one lists; its place among the nodes, to start it by. */
  async join(
    name: string,
    admit: (node: NewNode) => Promise<ClusterView>,
  ): Promise<{ at: number; node: NewNode }> {
    const dataDir = join(this.#root, `node-${name}`);
    const node = await joinCluster({ dataDir, name, peerAddress: '127.0.0.1:1', admit });
    this.dataDirs.push(dataDir);
    this.logs.push(new TestLog());
    return { at: this.#ids.push(node.id) - 1, node };
  }

  startAll(): Promise<ClusterNode[]> {
    return Promise.all(this.dataDirs.map((_, at) => this.start(at)));
  }

  async stop(at: number): Promise<void> {
    const cluster = this.running.get(at);
    this.running.delete(at);
    this.#addresses.delete(this.#ids[at]!);
    await cluster?.stop();
  }

  async end(): Promise<void> {
    await Promise.all([...this.running.keys()].map((at) => this.stop(at)));
    await rm(this.#root, { recursive: true, force: true });
  }
}
