// Three network namespaces on a bridge that lies in a fourth: nothing of this touches the machine's own network.
// Who reaches whom is a matter of neighbour entries: to cut the way from one node to another, the first is told a
// hardware address for the second that nobody has, so that packets are lost without a word, in one direction.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Ground, Way } from './ground.ts';

const run = promisify(execFile);
const PREFIX = 'rockpool-chaos-';
const INTERFACE = 'eth0';
const NOBODY = '02:00:00:00:00:ff';

export class Namespaces implements Ground {
  readonly #nodes: readonly number[];

  private constructor(nodes: readonly number[]) {
    this.#nodes = nodes;
  }

  /** What is missing for it here, in one sentence. */
  static async lacks(): Promise<string | undefined> {
    if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
    if (process.getuid?.() !== 0) return 'it makes network namespaces, which needs root';
    try {
      await run('ip', ['-V']);
      return undefined;
    } catch {
      return 'there is no ip command; the Debian package iproute2 brings it';
    }
  }

  static async make(count: number): Promise<Namespaces> {
    await removeLeftovers();
    const nodes = Array.from({ length: count }, (_, at) => at);
    const namespaces = new Namespaces(nodes);
    try {
      await namespaces.#build();
      return namespaces;
    } catch (error) {
      await namespaces.remove();
      throw error;
    }
  }

  addressOf(node: number): string {
    return `10.77.0.${node + 1}`;
  }

  enter(node: number): readonly string[] {
    return ['ip', 'netns', 'exec', nameOf(node)];
  }

  async cutOnly(ways: readonly Way[]): Promise<void> {
    for (const from of this.#nodes) {
      for (const to of this.#nodes.filter((other) => other !== from)) {
        const isCut = ways.some((way) => way.from === from && way.to === to);
        await this.#neighbour({ from, to }, isCut ? NOBODY : hardwareAddressOf(to));
      }
    }
  }

  async remove(): Promise<void> {
    for (const name of [...this.#nodes.map(nameOf), SWITCH]) await removeNamespace(name);
  }

  async #build(): Promise<void> {
    await run('ip', ['netns', 'add', SWITCH]);
    await run('ip', ['-n', SWITCH, 'link', 'add', 'bridge0', 'type', 'bridge']);
    await run('ip', ['-n', SWITCH, 'link', 'set', 'bridge0', 'up']);
    for (const node of this.#nodes) {
      const name = nameOf(node);
      const port = `port${node}`;
      await run('ip', ['netns', 'add', name]);
      const pair = ['type', 'veth', 'peer', 'name', port, 'netns', SWITCH];
      await run('ip', ['link', 'add', INTERFACE, 'netns', name, ...pair]);
      await run('ip', ['-n', SWITCH, 'link', 'set', port, 'master', 'bridge0', 'up']);
      const hardware = ['address', hardwareAddressOf(node)];
      await run('ip', ['-n', name, 'link', 'set', INTERFACE, ...hardware, 'up']);
      const address = `${this.addressOf(node)}/24`;
      await run('ip', ['-n', name, 'address', 'add', address, 'dev', INTERFACE]);
      await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    }
    await this.cutOnly([]);
  }

  #neighbour({ from, to }: Way, hardware: string): Promise<unknown> {
    const entry = [this.addressOf(to), 'lladdr', hardware, 'nud', 'permanent'];
    return run('ip', ['-n', nameOf(from), 'neighbour', 'replace', ...entry, 'dev', INTERFACE]);
  }
}

const SWITCH = `${PREFIX}${process.pid}-switch`;

function nameOf(node: number): string {
  return `${PREFIX}${process.pid}-${node + 1}`;
}

function hardwareAddressOf(node: number): string {
  return `02:00:00:00:00:0${node + 1}`;
}

/** Ends what runs in it as well. */
async function removeNamespace(name: string): Promise<void> {
  if (!(await namespaceNames()).includes(name)) return;
  const { stdout } = await run('ip', ['netns', 'pids', name]);
  for (const pid of stdout.split('\n').filter((line) => line !== '')) kill(Number(pid));
  await run('ip', ['netns', 'delete', name]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

async function namespaceNames(): Promise<readonly string[]> {
  const { stdout } = await run('ip', ['netns', 'list']);
  return stdout.split('\n').flatMap((line) => line.split(' ')[0] ?? []);
}

/** A run that was killed could not clear away. */
async function removeLeftovers(): Promise<void> {
  for (const name of await namespaceNames()) {
    const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('-')[0] : '');
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
