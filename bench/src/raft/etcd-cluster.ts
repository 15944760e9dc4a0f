// Three etcd members with TLS between them, both ends proven by a certificate, and otherwise as etcd is shipped.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { Child } from '../harness/child.ts';
import { EtcdClient } from './etcd-client.ts';
import { freeTcpPorts } from './free-ports.ts';
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
  #children: Child[] = [];

  private constructor(directory: string, members: readonly Member[]) {
    this.#directory = directory;
    this.#members = members;
  }

  static async make(directory: string): Promise<EtcdCluster> {
    await writeCertificate(directory);
    const ports = await freeTcpPorts(2 * REPLICAS);
    const members = Array.from({ length: REPLICAS }, (_, at) => ({
      name: `${at + 1}`,
      clientPort: ports[2 * at] ?? 0,
      peerPort: ports[2 * at + 1] ?? 0,
    }));
    for (const { name } of members) await mkdir(join(directory, name), { mode: 0o700 });
    return new EtcdCluster(directory, members);
  }

  get pids(): readonly number[] {
    return this.#children.map(({ pid }) => pid);
  }

  async start(): Promise<void> {
    for (const member of this.#members) {
      this.#children.push(await Child.start({ command: 'etcd', args: this.#argsOf(member) }));
    }
    await untilReady(this.#children, () => this.#leader());
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
    await Promise.all(this.#children.map((child) => child.stop('SIGKILL')));
    this.#children = [];
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
