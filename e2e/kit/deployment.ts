// deploy/ as an operator brings it up, for real: three nodes, Caddy with TLS and STUN in containers of deploy/lab's own
// engine, so that no other container and no other data of this machine is touched.
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { addNode, copyDeployment, takeOut } from './edited-deployment.ts';
import { type Answer, type Asked, askFrontDoor } from './front-door-request.ts';
import { DEPLOY, LabEngine } from './lab-engine.ts';
import type { Servers } from './servers.ts';

const HOST = 'rockpool.localhost';
const AUTHORITY = '/data/caddy/pki/authorities/local';
const HEALTHY_TIMEOUT_MS = 100_000;
const RESTARTED_TIMEOUT_MS = 60_000;
const LOOK_AGAIN_MS = 250;
const LAST_WORDS_LINES = '40';

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
  readonly trustedKeys: readonly string[];
  readonly #engine: LabEngine;
  readonly #authority: string;
  /** Of edited files. */
  #copy: string | undefined;
  #nodes: readonly number[] = [1, 2, 3];

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

  get nodes(): readonly number[] {
    return this.#nodes;
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
    await healthy(this.#engine, this.#nodes);
  }

  /** Where the nodes' volumes lie on this machine. */
  async dataDirectories(): Promise<string[]> {
    const volumes = this.#nodes.map(volumeOf);
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

  /** Its container and its volume are gone. (The container of `init`, which has ended, holds every volume.) */
  async loseVolume(node: number): Promise<void> {
    await this.#engine.compose('rm', '--stop', '--force', serviceOf(node), 'init');
    await this.#engine.docker('volume', 'rm', volumeOf(node));
  }

  /** The steps of deploy/README.md for a lost volume; the answer is what `rockpool replace` printed. */
  async replaceNode(lost: number, added: number): Promise<string> {
    this.#copy = await mkdtemp(join(tmpdir(), 'rockpool-deploy-'));
    await copyDeployment(DEPLOY, this.#copy);
    await addNode(this.#copy, lost, added);
    this.#engine.follow(this.#copy);
    const asked = serviceOf(otherThan(lost, this.#nodes));
    const token = (await this.exec(asked, 'rockpool', 'token', '--print')).trim();
    const peer = `${serviceOf(added)}.peers:7400`;
    const join_ = ['join', token, '--name', `${added}`, '--peer-address', peer];
    await this.#engine.compose('run', '--rm', '--no-deps', serviceOf(added), ...join_);
    await this.#engine.compose('up', '--detach', '--no-deps', serviceOf(added));
    await until(`node ${added} is healthy`, HEALTHY_TIMEOUT_MS, async () => {
      return (await this.#engine.healthOf(serviceOf(added))) === 'healthy';
    });
    const printed = await this.exec(asked, 'rockpool', 'replace', `${lost}`, `${added}`);
    await takeOut(this.#copy, lost, added);
    this.#nodes = [...this.#nodes.filter((node) => node !== lost), added];
    await this.#engine.compose('up', '--detach', '--remove-orphans');
    await this.#engine.compose('restart', 'front-door');
    await until(`node ${added} is ready`, RESTARTED_TIMEOUT_MS, () => this.isReady(added));
    return printed;
  }

  async discard(): Promise<void> {
    await this.#engine.leave();
    if (this.#copy !== undefined) await rm(this.#copy, { recursive: true });
  }
}

function serviceOf(node: number): string {
  return `node-${node}`;
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
