// A real cluster as `npm start` makes it: the launcher as a child process, three nodes, the front door on a
// free port and data in a directory of its own. What it prints for people is what the tests read.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeTcpPort } from '@rockpool/server';
import type { Servers } from './servers.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'server', 'src', 'launcher', 'main.ts');
// The first start builds the web client too.
const READY_TIMEOUT_MS = 120_000;
const RESTART_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;
const OUTPUT_CHARACTERS_MAX = 4_000_000;

const READY = /Rockpool is ready at (http:\/\/localhost:\d+)/;
const FIRST_ADMIN = /(http:\/\/localhost:\d+\/\S*#\S+)/;
const NODE_LINE = /\bnode\s+(\d+)\b.*?\bpid\s+(\d+)/gi;

/** How to start a cluster; without a directory it gets a new one, deleted at the end. */
export interface ClusterOptions {
  readonly nodes?: 1 | 3;
  readonly dataDirectory?: string;
  readonly port?: number;
}

/** A running cluster behind its front door, of three nodes unless asked otherwise. */
export class RunningCluster implements Servers {
  /** It speaks plain http, on loopback. */
  readonly trustedKeys = [];
  readonly origin: string;
  readonly dataDirectory: string;
  readonly #ownsDirectory: boolean;
  readonly #nodes: number;
  #running: Launch;
  /** What earlier starts printed. */
  #printedBefore = '';

  private constructor(running: Launch, directory: { path: string; own: boolean }, nodes: number) {
    this.#running = running;
    this.#nodes = nodes;
    this.origin = running.origin;
    this.dataDirectory = directory.path;
    this.#ownsDirectory = directory.own;
  }

  /** Starts the launcher and waits for its ready line. */
  static async start(options: ClusterOptions = {}): Promise<RunningCluster> {
    const own = options.dataDirectory === undefined;
    const path = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'rockpool-e2e-')));
    const nodes = options.nodes ?? 3;
    try {
      const running = await launch(options.port ?? (await freeTcpPort()), path, nodes);
      return new RunningCluster(running, { path, own }, nodes);
    } catch (error) {
      if (own) await rm(path, { recursive: true, force: true });
      throw error;
    }
  }

  /** After `stop`: the same data at the same address. */
  async startAgain(): Promise<void> {
    this.#printedBefore = this.output;
    const port = Number(new URL(this.origin).port);
    this.#running = await launch(port, this.dataDirectory, this.#nodes);
  }

  get #log(): OutputLog {
    return this.#running.log;
  }

  /** Everything the launcher and its nodes have printed. */
  get output(): string {
    return this.#printedBefore + this.#log.text;
  }

  async lastWords(): Promise<string> {
    return this.#log.tail();
  }

  /** The link that makes the first account, printed on empty data. */
  async firstAdminLink(): Promise<string> {
    const [, link = ''] = await this.#log.waitFor(
      (text) => FIRST_ADMIN.exec(text),
      READY_TIMEOUT_MS,
    );
    return link;
  }

  /** The process id of each node by its number, as last printed. */
  async nodePids(): Promise<ReadonlyMap<number, number>> {
    return this.#log.waitFor((text) => {
      const pids = new Map<number, number>();
      for (const [, node, pid] of text.matchAll(NODE_LINE)) pids.set(Number(node), Number(pid));
      return pids.size === this.#nodes ? pids : null;
    }, READY_TIMEOUT_MS);
  }

  /** kill -9 for one node. */
  async killNode(node: number): Promise<void> {
    const pid = (await this.nodePids()).get(node);
    if (pid === undefined) throw new Error(`there is no node ${node}`);
    process.kill(pid, 'SIGKILL');
  }

  /** kill -9 for one node, and again whenever it is started, until the answer is called. */
  async keepDown(node: number): Promise<() => void> {
    let killed: number | undefined;
    return this.#log.watch(() => {
      const pid = this.#lastPid(node);
      if (pid === undefined || pid === killed) return;
      killed = pid;
      process.kill(pid, 'SIGKILL');
    });
  }

  /** Waits until the launcher has started a killed node again. */
  async nodeRestarted(node: number, formerPid: number): Promise<void> {
    await this.#log.waitFor(() => {
      const last = this.#lastPid(node);
      return last === formerPid ? null : last;
    }, RESTART_TIMEOUT_MS);
  }

  #lastPid(node: number): number | undefined {
    const lines = [...this.#log.text.matchAll(NODE_LINE)];
    const pid = lines.findLast(([, number]) => Number(number) === node)?.[2];
    return pid === undefined ? undefined : Number(pid);
  }

  /** Stops everything as Ctrl-C does; the data stays until `discard`. */
  async stop(): Promise<void> {
    const { launcher } = this.#running;
    if (launcher.exitCode !== null || launcher.signalCode !== null) return;
    const exited = once(launcher, 'exit', { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
    launcher.kill('SIGINT');
    try {
      await exited;
    } catch {
      launcher.kill('SIGKILL');
      throw new Error(`the cluster did not stop within ${STOP_TIMEOUT_MS} ms\n${this.#log.tail()}`);
    }
  }

  /** Stops everything and deletes the data that this start made. */
  async discard(): Promise<void> {
    await this.stop();
    if (this.#ownsDirectory) await rm(this.dataDirectory, { recursive: true, force: true });
  }
}

interface Launch {
  readonly launcher: ChildProcess;
  readonly log: OutputLog;
  readonly origin: string;
}

async function launch(port: number, dataDirectory: string, nodes: number): Promise<Launch> {
  const launcher = spawn(
    process.execPath,
    [LAUNCHER, '--nodes', String(nodes), '--port', String(port), '--data', dataDirectory],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const log = new OutputLog(launcher);
  const orphan = (): void => void launcher.kill('SIGTERM');
  process.once('exit', orphan);
  launcher.once('exit', () => process.off('exit', orphan));
  try {
    const [, origin = ''] = await log.waitFor((text) => READY.exec(text), READY_TIMEOUT_MS);
    return { launcher, log, origin };
  } catch (error) {
    launcher.kill('SIGTERM');
    throw error;
  }
}

/** What a child prints, and whoever waits for a part of it. */
class OutputLog {
  text = '';
  #ended = false;
  readonly #waiting = new Set<() => void>();

  constructor(child: ChildProcess) {
    const take = (chunk: Buffer): void => {
      this.text = (this.text + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_MAX);
      for (const look of this.#waiting) look();
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('close', () => {
      this.#ended = true;
      for (const look of this.#waiting) look();
    });
  }

  tail(): string {
    return this.text.slice(-4000);
  }

  /** Calls `look` now and after everything printed, until the answer is called. */
  watch(look: () => void): () => void {
    this.#waiting.add(look);
    look();
    return () => void this.#waiting.delete(look);
  }

  waitFor<Found>(find: (text: string) => Found | null, timeoutMs: number): Promise<Found> {
    return new Promise((resolve, reject) => {
      const finish = (conclude: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        conclude();
      };
      const look = (): void => {
        const found = find(this.text);
        if (found !== null) finish(() => resolve(found));
        else if (this.#ended) finish(() => reject(new Error(`the launcher ended\n${this.tail()}`)));
      };
      const timer = setTimeout(() => {
        finish(() => reject(new Error(`not printed within ${timeoutMs} ms\n${this.tail()}`)));
      }, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }
}
