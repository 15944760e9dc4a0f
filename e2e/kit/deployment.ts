// deploy/ as an operator brings it up, for real: three nodes, Caddy with TLS and STUN in containers of deploy/lab's own
// engine, so that no other container and no other data of this machine is touched.
import { createHash, X509Certificate } from 'node:crypto';
import { chown } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, type Asked, askFrontDoor } from './front-door-request.ts';
import { LabEngine } from './lab-engine.ts';
import type { Servers } from './servers.ts';

const HOST = 'rockpool.localhost';
const AUTHORITY = '/data/caddy/pki/authorities/local';
const HEALTHY_TIMEOUT_MS = 100_000;
const RESTARTED_TIMEOUT_MS = 60_000;
const LOOK_AGAIN_MS = 250;
const LAST_WORDS_LINES = '40';
/** As whom the image runs. */
const IMAGE_USER = 1000;
/** Where a node's container can write. */
const BACKUP = '/data/backup';

/** Beside the nodes. */
const OTHER_SERVICES = ['stun', 'front-door'];

/** What the engine says of a container. */
export interface Container {
  readonly State: { readonly Status: string; readonly ExitCode: number; readonly Pid: number };
  readonly RestartCount: number;
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly RestartPolicy: { readonly Name: string };
    readonly PortBindings: Readonly<Record<string, unknown>> | null;
  };
}

/** The stack of deploy/docker-compose.yml, running. */
export class Deployment implements Servers {
  readonly host = HOST;
  readonly origin = `https://${HOST}`;
  readonly nodes: readonly number[] = [1, 2, 3];
  readonly trustedKeys: readonly string[];
  readonly #engine: LabEngine;
  readonly #authority: string;

  private constructor(engine: LabEngine, certificates: readonly string[]) {
    this.#engine = engine;
    this.#authority = certificates.join('\n');
    this.trustedKeys = certificates.map(keyHash);
  }

  /** What this machine lacks for it, in one sentence; undefined when nothing. */
  static lacks(): Promise<string | undefined> {
    return LabEngine.lacks();
  }

  /** Brings everything up on empty volumes, and waits for it. */
  static async start(): Promise<Deployment> {
    const engine = await LabEngine.start(HOST);
    try {
      await engine.compose('up', '--detach');
      await healthy(engine, [1, 2, 3]);
      const certificates = await Promise.all(
        ['root', 'intermediate'].map((name) =>
          engine.compose('exec', '-T', 'front-door', 'cat', `${AUTHORITY}/${name}.crt`),
        ),
      );
      return new Deployment(engine, certificates);
    } catch (error) {
      await engine.leave();
      throw error;
    }
  }

  /** The link that makes the first account, asked for as an operator does. */
  async firstAdminLink(): Promise<string> {
    const printed = await this.exec('node-1', 'rockpool', 'invite', '--first-admin', '--print');
    return printed.trim();
  }

  /** Runs a command in a service's container; the answer is what it prints. */
  exec(service: string, ...command: readonly string[]): Promise<string> {
    return this.#engine.compose('exec', '-T', service, ...command);
  }

  /** A request to the front door, certificate checked. */
  ask(asked: Asked): Promise<Answer> {
    return askFrontDoor(HOST, this.#authority, asked);
  }

  async container(service: string): Promise<Container> {
    const inspected: Container[] = JSON.parse(
      await this.#engine.docker('inspect', await this.#engine.idOf(service)),
    );
    const [container] = inspected;
    if (container === undefined) throw new Error(`${service} has no container`);
    return container;
  }

  /** What was written to a container's own file system, one line for each path. */
  async written(service: string): Promise<string> {
    return this.#engine.docker('diff', await this.#engine.idOf(service));
  }

  /** kill -9 for the process of a node; the engine starts it again by itself. */
  async killNode(node: number): Promise<void> {
    const { State } = await this.container(serviceOf(node));
    if (State.Pid === 0) throw new Error(`node ${node} does not run`);
    process.kill(State.Pid, 'SIGKILL');
  }

  /** Waits until the engine has started a node again and it can serve everything. */
  async nodeRestarted(node: number): Promise<void> {
    await until(`node ${node} is ready again`, RESTARTED_TIMEOUT_MS, async () => {
      const { RestartCount } = await this.container(serviceOf(node));
      return RestartCount > 0 && (await this.isReady(node));
    });
  }

  async isReady(node: number): Promise<boolean> {
    const { status } = await this.ask({ path: `/n/${node}/readyz` });
    return status === 200;
  }

  /** Kills a node's container, which stays down until it is started. */
  async takeDown(node: number): Promise<void> {
    await this.#engine.compose('kill', serviceOf(node));
  }

  async startNode(node: number): Promise<void> {
    await this.#engine.compose('start', serviceOf(node));
    await until(`node ${node} is ready`, RESTARTED_TIMEOUT_MS, () => this.isReady(node));
  }

  /** `docker-compose down`: containers and networks are gone, the data stays. */
  async down(): Promise<void> {
    await this.#engine.compose('down');
  }

  async up(): Promise<void> {
    await this.#engine.compose('up', '--detach');
    await healthy(this.#engine, this.nodes);
  }

  /** Where the nodes' volumes lie on this machine. */
  async dataDirectories(): Promise<string[]> {
    const volumes = this.nodes.map(volumeOf);
    const format = '{{.Mountpoint}}';
    const lines = await this.#engine.docker('volume', 'inspect', '--format', format, ...volumes);
    return lines.split('\n');
  }

  /** Everything its containers have printed since they were made. */
  async logs(): Promise<string> {
    return this.#engine.compose('logs', '--no-color');
  }

  async lastWords(): Promise<string> {
    return this.#engine.compose('logs', '--no-color', '--tail', LAST_WORDS_LINES);
  }

  /** deploy/README.md, "A volume is damaged or lost": from the loss until all are ready again. */
  async replaceVolume(lost: number): Promise<void> {
    const asked = otherThan(lost, this.nodes);
    await this.#lose([lost]);
    await this.exec(serviceOf(asked), 'rockpool', 'remove', `${lost}`);
    await this.#joinAnew(lost, asked);
    await this.up();
  }

  /** deploy/README.md, "Back up": to a file of this machine. */
  async backUp(file: string): Promise<void> {
    const [node] = this.nodes.map(serviceOf);
    await this.exec(node!, 'rockpool', 'backup', BACKUP);
    await this.#engine.docker('cp', `${await this.#engine.idOf(node!)}:${BACKUP}`, file);
    await this.exec(node!, 'rm', BACKUP);
  }

  /** deploy/README.md, "All volumes are lost". */
  async restore(file: string): Promise<void> {
    await chown(file, IMAGE_USER, IMAGE_USER);
    await this.down();
    await this.#engine.docker('volume', 'rm', ...this.nodes.map(volumeOf));
    const nodes = this.nodes.map((node) => `${node}=${peerAddress(node)}`).join(',');
    const restored = ['restore', '/backup', '--data', '/nodes', '--nodes', nodes];
    await this.#engine.compose(
      'run',
      '--rm',
      '--volume',
      `${file}:/backup:ro`,
      'init',
      ...restored,
    );
    await this.up();
  }

  /** deploy/README.md, "Two volumes are lost": from the loss until all are ready again. */
  async recover(left: number): Promise<void> {
    const lost = this.nodes.filter((node) => node !== left);
    await this.#lose(lost);
    const service = serviceOf(left);
    await this.#engine.compose('stop', service);
    await this.#engine.compose('run', '--rm', '--no-deps', service, 'recover', '--yes');
    await this.#engine.compose('up', '--detach', '--no-deps', service);
    await until(`node ${left} is ready`, RESTARTED_TIMEOUT_MS, () => this.isReady(left));
    for (const node of lost) await this.#joinAnew(node, left);
    await this.up();
  }

  /** Containers and volumes are gone. (The container of `init`, which has ended, holds every volume.) */
  async #lose(nodes: readonly number[]): Promise<void> {
    await this.#engine.compose('rm', '--stop', '--force', ...nodes.map(serviceOf), 'init');
    await this.#engine.docker('volume', 'rm', ...nodes.map(volumeOf));
  }

  /** A new node on a new volume, under the name of a node that has left. */
  async #joinAnew(node: number, asked: number): Promise<void> {
    const token = (await this.exec(serviceOf(asked), 'rockpool', 'token', '--print')).trim();
    const joined = ['join', token, '--name', `${node}`, '--peer-address', peerAddress(node)];
    await this.#engine.compose('run', '--rm', '--no-deps', serviceOf(node), ...joined);
  }

  async discard(): Promise<void> {
    await this.#engine.leave();
  }
}

function serviceOf(node: number): string {
  return `node-${node}`;
}

function peerAddress(node: number): string {
  return `${serviceOf(node)}.peers:7400`;
}

function volumeOf(node: number): string {
  return `rockpool-node-${node}`;
}

/** Healthy where a service has a check, else running. */
async function healthy(engine: LabEngine, nodes: readonly number[]): Promise<void> {
  const services = [...nodes.map(serviceOf), ...OTHER_SERVICES];
  await until('every service is healthy', HEALTHY_TIMEOUT_MS, async () => {
    const states = await Promise.all(services.map((service) => engine.healthOf(service)));
    return states.every((state) => state === 'healthy' || state === 'running');
  });
}

async function until(
  what: string,
  timeoutMs: number,
  holds: () => Promise<boolean>,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await pause(LOOK_AGAIN_MS);
  }
}

export function otherThan(node: number, nodes: readonly number[]): number {
  return nodes.find((other) => other !== node) ?? 0;
}

function keyHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}
