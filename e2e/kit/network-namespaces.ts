// Network namespaces of one run, named after it and its process: nothing here touches the machine's own network, nor
// anybody else's namespaces. A keeper, which notices by the end of its standard input that this process has ended in
// whatever way, removes them and ends what runs in them.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const KEEPER = join(import.meta.dirname, 'namespace-keeper-main.ts');
const KILL_ROUNDS_MAX = 20;
const COMMAND_TIMEOUT_MS = 60_000;

/** A program, and the Debian package that brings it. */
export interface NeededProgram {
  readonly program: string;
  readonly from: string;
}

export class NetworkNamespaces {
  readonly #prefix: string;
  readonly #keeper: ChildProcess;
  readonly #places: string[] = [];

  private constructor(prefix: string, keeper: ChildProcess) {
    this.#prefix = prefix;
    this.#keeper = keeper;
  }

  /** What is missing for them here, in one sentence. */
  static async lacks(programs: readonly NeededProgram[] = []): Promise<string | undefined> {
    if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
    if (process.getuid?.() !== 0) return 'it makes network namespaces, which needs root';
    for (const { program, from } of [{ program: 'ip', from: 'iproute2' }, ...programs]) {
      if (await isMissing(program)) {
        return `there is no ${program} command; the Debian package ${from} brings it`;
      }
    }
    return undefined;
  }

  /** `purpose` is a word without a hyphen. */
  static async open(purpose: string): Promise<NetworkNamespaces> {
    await removeLeftovers(`rockpool-${purpose}-`);
    const prefix = `rockpool-${purpose}-${process.pid}-`;
    const keeper = spawn(process.execPath, [KEEPER, prefix], {
      stdio: ['pipe', 'inherit', 'inherit'],
      // In a process group of its own, so that Ctrl-C does not end it as well.
      detached: true,
    });
    await once(keeper, 'spawn');
    return new NetworkNamespaces(prefix, keeper);
  }

  async add(place: string): Promise<void> {
    await execute('ip', ['netns', 'add', this.nameOf(place)]);
    this.#places.push(place);
    await this.ip(place, 'link', 'set', 'lo', 'up');
  }

  nameOf(place: string): string {
    return this.#prefix + place;
  }

  /** What goes before a command, so that it runs there under the same process id. */
  enter(place: string): readonly string[] {
    return ['ip', 'netns', 'exec', this.nameOf(place)];
  }

  /** `ip` on the interfaces of a place. */
  async ip(place: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await execute('ip', ['-n', this.nameOf(place), ...args]);
    return stdout;
  }

  /** A virtual cable between two places; each end is an interface there. */
  async cable(from: string, end: string, to: string, otherEnd: string): Promise<void> {
    const peer = ['peer', 'name', otherEnd, 'netns', this.nameOf(to)];
    await this.ip(from, 'link', 'add', end, 'type', 'veth', ...peer);
  }

  /** Runs a program there to its end; resolves to what it printed. */
  async run(place: string, program: readonly string[], input = ''): Promise<string> {
    const [command = '', ...args] = [...this.enter(place), ...program];
    const running = execute(command, args, { timeout: COMMAND_TIMEOUT_MS });
    // A program that ends without reading it says by its exit code whether it missed something.
    running.child.stdin?.on('error', () => {}).end(input);
    return (await running).stdout;
  }

  /** Ends what runs in them as well. */
  async remove(): Promise<void> {
    for (const place of this.#places.splice(0)) await removeNamespace(this.nameOf(place));
    const { exitCode, signalCode } = this.#keeper;
    if (exitCode !== null || signalCode !== null) return;
    const ended = once(this.#keeper, 'exit');
    this.#keeper.stdin?.end();
    await ended;
  }
}

export async function removeAll(prefix: string): Promise<void> {
  for (const name of await namespaceNames()) {
    if (name.startsWith(prefix)) await removeNamespace(name);
  }
}

async function isMissing(program: string): Promise<boolean> {
  return execute(program, ['-V']).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}

async function removeNamespace(name: string): Promise<void> {
  if (!(await namespaceNames()).includes(name)) return;
  for (let round = 0; round < KILL_ROUNDS_MAX; round += 1) {
    const { stdout } = await execute('ip', ['netns', 'pids', name]);
    const pids = stdout.split('\n').filter((line) => line !== '');
    if (pids.length === 0) break;
    for (const pid of pids) kill(Number(pid));
  }
  await execute('ip', ['netns', 'delete', name]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

async function namespaceNames(): Promise<readonly string[]> {
  const { stdout } = await execute('ip', ['netns', 'list']);
  return stdout.split('\n').flatMap((line) => line.split(' ')[0] || []);
}

/** Where even the keeper was ended, as by a loss of power of a container. */
async function removeLeftovers(prefix: string): Promise<void> {
  for (const name of await namespaceNames()) {
    const pid = Number(name.startsWith(prefix) ? name.slice(prefix.length).split('-')[0] : '');
    if (pid > 0 && !isRunning(pid)) await removeNamespace(name);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
