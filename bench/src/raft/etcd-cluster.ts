// Three etcd members with TLS between them, both ends proven by a certificate, and otherwise as etcd is shipped.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freeTcpPorts } from '@rockpool/server';
import { generate } from 'selfsigned';
import { Child } from '../harness/child.ts';
import { EtcdClient } from './etcd-client.ts';
import { REPLICAS, type StoreCluster, type Target, untilReady } from './store-cluster.ts';

const HOST = '127.0.0.1';
const CERTIFICATE_FILE = 'peer.crt';
const KEY_FILE = 'peer.key';

interface Member {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

export class EtcdCluster implements StoreCluster {
  readonly #directory: string;
  readonly #members: readonly Member[];
  readonly #options: readonly string[];
  /** By member; undefined while it is down. */
  #children: (Child | undefined)[] = [];

  private constructor(directory: string, members: readonly Member[], options: readonly string[]) {
    this.#directory = directory;
    this.#members = members;
    this.#options = options;
  }

  /** `options` are further ones of etcd's command line. */
  static async make(directory: string, options: readonly string[] = []): Promise<EtcdCluster> {
    await writeCertificate(directory);
    const ports = await freeTcpPorts(2 * REPLICAS);
    const members = Array.from({ length: REPLICAS }, (_, at) => ({
      name: `${at + 1}`,
      clientPort: ports[2 * at] ?? 0,
      peerPort: ports[2 * at + 1] ?? 0,
    }));
    for (const { name } of members) await mkdir(join(directory, name), { mode: 0o700 });
    return new EtcdCluster(directory, members, options);
  }

  get pids(): readonly number[] {
    return this.#running.map(({ pid }) => pid);
  }

  async start(): Promise<void> {
    for (const [at, member] of this.#members.entries()) {
      this.#children[at] ??= await Child.start({ command: 'etcd', args: this.#argsOf(member) });
    }
    await untilReady(this.#running, () => this.#leader());
  }

  async leaders(): Promise<readonly Target[]> {
    const port = await this.#leader();
    if (port === undefined) throw new Error('etcd lost its leader before the load');
    return [{ system: 'etcd', port, slot: 0 }];
  }

  replicas(target: Target): readonly Target[] {
    return this.#members.map(({ clientPort }) => ({ ...target, port: clientPort }));
  }

  async kill(): Promise<void> {
    await Promise.all(this.#running.map((child) => child.stop('SIGKILL')));
    this.#children = [];
  }

  async killLeader(killed: () => void): Promise<readonly Target[]> {
    const [leader] = await this.leaders();
    const at = this.#members.findIndex(({ clientPort }) => clientPort === leader?.port);
    const survivor = this.#members[(at + 1) % REPLICAS];
    const child = this.#children[at];
    this.#children[at] = undefined;
    const stopped = child?.stop('SIGKILL');
    killed();
    await stopped;
    return [{ system: 'etcd', port: survivor?.clientPort ?? 0, slot: 0 }];
  }

  get #running(): readonly Child[] {
    return this.#children.filter((child) => child !== undefined);
  }

  /** Client port of the leader once every member names the same one; else undefined. */
  async #leader(): Promise<number | undefined> {
    const leading: number[] = [];
    for (const { clientPort } of this.#members) {
      const client = await EtcdClient.open(clientPort);
      try {
        const leads = await client.leads();
        if (leads === undefined) return undefined;
        if (leads) leading.push(clientPort);
      } finally {
        client.close();
      }
    }
    return leading.length === 1 ? leading[0] : undefined;
  }

  #argsOf({ name, clientPort, peerPort }: Member): readonly string[] {
    const peers = this.#members.map((peer) => `${peer.name}=https://${HOST}:${peer.peerPort}`);
    const certificate = join(this.#directory, CERTIFICATE_FILE);
    return [
      `--name=${name}`,
      `--data-dir=${join(this.#directory, name)}`,
      `--listen-client-urls=http://${HOST}:${clientPort}`,
      `--advertise-client-urls=http://${HOST}:${clientPort}`,
      `--listen-peer-urls=https://${HOST}:${peerPort}`,
      `--initial-advertise-peer-urls=https://${HOST}:${peerPort}`,
      `--initial-cluster=${peers.join(',')}`,
      '--peer-client-cert-auth',
      `--peer-trusted-ca-file=${certificate}`,
      `--peer-cert-file=${certificate}`,
      `--peer-key-file=${join(this.#directory, KEY_FILE)}`,
      ...this.#options,
    ];
  }
}

/** One certificate, P-256 as our nodes have, that signs for itself and is the only one to be trusted. */
async function writeCertificate(directory: string): Promise<void> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'bench' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: HOST }] },
    ],
  });
  await writeFile(join(directory, CERTIFICATE_FILE), cert);
  await writeFile(join(directory, KEY_FILE), key, { mode: 0o600 });
}

/** Undefined without etcd on this machine. */
export async function etcdVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('etcd', ['--version'], { timeout: 5_000 });
    return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'of unknown version';
  } catch {
    return undefined;
  }
}
