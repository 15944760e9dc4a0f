// A cluster of three nodes in the lab's world, each with STUN at addresses of its own, behind one front door. Each client
// finds that at http://localhost:8080.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initCluster } from '@rockpool/cluster';
import { COMMAND, runCommand } from '@rockpool/desktop/testing';
import { buildWebClient } from '@rockpool/server';
import { LabProcess } from './lab-process.ts';
import { type Client, type NatLab, WORLD } from './nat-lab.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
const FRONT_DOOR = join(import.meta.dirname, 'front-door-main.ts');
const FORWARD = join(import.meta.dirname, 'forward-main.ts');
const NODES = [1, 2, 3] as const;
const DOOR = '203.0.113.1:8080';
const ORIGIN = 'http://localhost:8080';
/** The third node's STUN speaks IPv6; two addresses of one family each let NATs be tested at the others. */
export const STUN_URLS: readonly string[] = [
  ...NODES.map((node) => `stun:203.0.113.${node}:3478`),
  'stun:[2001:db8::1]:3478',
];
const FIRST_ADMIN = /(http:\/\/localhost:8080\/\S*#\S+)/;

export class LabServers {
  readonly directory: string;
  readonly #lab: NatLab;
  readonly #nodes = new Map<number, LabProcess>();
  readonly #forwards = new Map<Client, LabProcess>();
  readonly #others: LabProcess[] = [];

  private constructor(lab: NatLab, directory: string) {
    this.#lab = lab;
    this.directory = directory;
  }

  static async start(lab: NatLab): Promise<LabServers> {
    const servers = new LabServers(lab, await mkdtemp(join(tmpdir(), 'rockpool-nat-')));
    try {
      await servers.#start();
      return servers;
    } catch (error) {
      await servers.end();
      throw error;
    }
  }

  /** The link that makes the first account. */
  async firstAdminLink(): Promise<string> {
    const invited = await runCommand([
      'invite',
      '--first-admin',
      '--print',
      '--data',
      this.#data(1),
    ]);
    const [, link] = FIRST_ADMIN.exec(invited.out) ?? [];
    if (link === undefined) throw new Error(`no first-admin link: ${invited.out}${invited.errors}`);
    return link;
  }

  /** Ends this client's connections to the servers, as a router does that forgets them. */
  async cutConnections(client: Client): Promise<void> {
    await this.#forwards.get(client)?.signal('SIGHUP');
  }

  /** kill -9, for good. */
  async killNode(node: number): Promise<void> {
    await this.#nodes.get(node)?.end();
  }

  async end(): Promise<void> {
    const processes = [...this.#forwards.values(), ...this.#others, ...this.#nodes.values()];
    await Promise.all(processes.map((process) => process.end()));
    await rm(this.directory, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    await buildWebClient(REPOSITORY, () => {});
    const peers = NODES.map((node) => ({
      name: `${node}`,
      peerAddress: `127.0.0.1:${7400 + node}`,
    }));
    await initCluster({ dataDirs: NODES.map((node) => this.#data(node)), nodes: peers });
    for (const node of NODES) await this.#startNode(node);
    const door = await this.#program(WORLD, 'front-door', [
      ...[FRONT_DOOR, '8080'],
      ...NODES.map((node) => `${8100 + node}`),
    ]);
    this.#others.push(door);
    await door.ready('the front door');
    this.#others.push(await this.#forward(WORLD, DOOR, '127.0.0.1:8080'));
    for (const client of ['a', 'b'] as const) {
      this.#forwards.set(client, await this.#forward(client, '127.0.0.1:8080', DOOR));
    }
  }

  async #startNode(node: number): Promise<void> {
    const own = `203.0.113.${node}`;
    const stun =
      node === 3
        ? { ROCKPOOL_STUN_ADDRESS: `${own},2001:db8::1` }
        : {
            ROCKPOOL_STUN_ADDRESS: `${own},203.0.113.1${node}`,
            ROCKPOOL_STUN_ALTERNATE_PORT: '3479',
          };
    const process = await this.#program(WORLD, `node-${node}`, [COMMAND, 'node'], {
      ...stun,
      ROCKPOOL_PUBLIC_ORIGIN: ORIGIN,
      ROCKPOOL_DATA: this.#data(node),
      ROCKPOOL_HTTP_PORT: `${8100 + node}`,
      ROCKPOOL_PEER_ADDRESS: '127.0.0.1',
      ROCKPOOL_PEER_PORT: `${7400 + node}`,
      ROCKPOOL_STUN_PORT: '3478',
      ROCKPOOL_STUN_URLS: STUN_URLS.join(','),
      ROCKPOOL_METRICS_PORT: '0',
    });
    this.#nodes.set(node, process);
  }

  async #forward(place: string, from: string, to: string): Promise<LabProcess> {
    const forward = await this.#program(place, `forward-${place}`, [FORWARD, from, to]);
    await forward.ready(`the way to the servers in ${place}`);
    return forward;
  }

  #program(
    place: string,
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<LabProcess> {
    const logPath = join(this.directory, `${name}.log`);
    return LabProcess.start(this.#lab.spaces, { place, args, env, logPath });
  }

  #data(node: number): string {
    return join(this.directory, `node-${node}`);
  }
}
