// deploy/ as an operator brings it up, for real: three nodes, Caddy with TLS and STUN in containers of deploy/lab's own
// engine, so that no other container and no other data of this machine is touched.
import { type ExecFileException, execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, type Asked, askFrontDoor } from './front-door-request.ts';
import type { Servers } from './servers.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const LAB = join(DEPLOY, 'lab');
const HOST = 'rockpool.localhost';
const AUTHORITY = '/data/caddy/pki/authorities/local';
const PROGRAMS = ['dockerd', 'docker', 'docker-compose', 'debootstrap'];
// The first time it makes base images too.
const LAB_TIMEOUT_MS = 1_200_000;
const COMMAND_TIMEOUT_MS = 100_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const HEALTHY_TIMEOUT_MS = 100_000;
const RESTARTED_TIMEOUT_MS = 60_000;
const LOOK_AGAIN_MS = 250;
const LAST_WORDS_LINES = '40';

/** The services that run all the time, three of which are nodes. */
export const NODES = [1, 2, 3] as const;
const SERVICES = [...NODES.map(serviceOf), 'stun', 'front-door'];

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
  readonly #docker: Docker;
  readonly #authority: string;

  private constructor(docker: Docker, certificates: readonly string[]) {
    this.#docker = docker;
    this.#authority = certificates.join('\n');
    this.trustedKeys = certificates.map(keyHash);
  }

  /** What this machine lacks for it, in one sentence; undefined when nothing. */
  static async lacks(): Promise<string | undefined> {
    if (process.getuid?.() !== 0) return 'it runs a container engine, which needs root';
    const missing: string[] = [];
    for (const program of PROGRAMS) if (!(await isOnPath(program))) missing.push(program);
    if (missing.length === 0) return undefined;
    return `it needs Docker, and there is no ${missing.join(', no ')} (deploy/lab up installs them)`;
  }

  /** Makes the image from the sources as they are, brings everything up on empty volumes, and waits for it. */
  static async start(): Promise<Deployment> {
    const docker = await Docker.ofLab();
    await run(LAB, ['up'], process.env, LAB_TIMEOUT_MS);
    const volumes = await docker.engine('volume', 'ls', '--quiet', '--filter', 'name=rockpool-');
    if (volumes !== '') {
      const names = volumes.split('\n').join(', ');
      throw new Error(`the lab holds data of another try: ${names}; "deploy/lab clean" removes it`);
    }
    try {
      await docker.compose('up', '--detach');
      await healthy(docker);
      const certificates = await Promise.all(
        ['root', 'intermediate'].map((name) =>
          docker.compose('exec', '-T', 'front-door', 'cat', `${AUTHORITY}/${name}.crt`),
        ),
      );
      return new Deployment(docker, certificates);
    } catch (error) {
      await docker.leave();
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
    return this.#docker.compose('exec', '-T', service, ...command);
  }

  /** A request to the front door, certificate checked. */
  ask(asked: Asked): Promise<Answer> {
    return askFrontDoor(HOST, this.#authority, asked);
  }

  async container(service: string): Promise<Container> {
    const inspected: Container[] = JSON.parse(
      await this.#docker.engine('inspect', await this.#docker.idOf(service)),
    );
    const [container] = inspected;
    if (container === undefined) throw new Error(`${service} has no container`);
    return container;
  }

  /** What was written to a container's own file system, one line for each path. */
  async written(service: string): Promise<string> {
    return this.#docker.engine('diff', await this.#docker.idOf(service));
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
    await this.#docker.compose('kill', serviceOf(node));
  }

  async startNode(node: number): Promise<void> {
    await this.#docker.compose('start', serviceOf(node));
    await until(`node ${node} is ready`, RESTARTED_TIMEOUT_MS, () => this.isReady(node));
  }

  /** `docker-compose down`: containers and networks are gone, the data stays. */
  async down(): Promise<void> {
    await this.#docker.compose('down');
  }

  async up(): Promise<void> {
    await this.#docker.compose('up', '--detach');
    await healthy(this.#docker);
  }

  /** Where the nodes' volumes lie on this machine. */
  async dataDirectories(): Promise<string[]> {
    const volumes = NODES.map((node) => `rockpool-node-${node}`);
    const format = '{{.Mountpoint}}';
    const lines = await this.#docker.engine('volume', 'inspect', '--format', format, ...volumes);
    return lines.split('\n');
  }

  /** Everything its containers have printed since they were made. */
  async logs(): Promise<string> {
    return this.#docker.compose('logs', '--no-color');
  }

  async lastWords(): Promise<string> {
    return this.#docker.compose('logs', '--no-color', '--tail', LAST_WORDS_LINES);
  }

  async discard(): Promise<void> {
    await this.#docker.leave();
  }
}

/** The lab's engine, and docker-compose for it. */
class Docker {
  readonly #env: NodeJS.ProcessEnv;
  #ranBefore = true;

  private constructor(host: string) {
    this.#env = { ...process.env, DOCKER_HOST: host, ROCKPOOL_HOST: HOST };
  }

  static async ofLab(): Promise<Docker> {
    const printed = await run(LAB, ['env'], process.env);
    const [, host] = /DOCKER_HOST=(\S+)/.exec(printed) ?? [];
    if (host === undefined) throw new Error(`deploy/lab env printed ${printed}`);
    const docker = new Docker(host);
    docker.#ranBefore = await docker.engine('info').then(
      () => true,
      () => false,
    );
    return docker;
  }

  /** Removes what the deployment made, and stops an engine that was not running before. */
  async leave(): Promise<void> {
    await this.compose('down', '--volumes');
    if (!this.#ranBefore) await run(LAB, ['down'], process.env);
  }

  engine(...args: readonly string[]): Promise<string> {
    return run('docker', args, this.#env);
  }

  compose(...args: readonly string[]): Promise<string> {
    const file = join(DEPLOY, 'docker-compose.yml');
    return run('docker-compose', ['--file', file, ...args], this.#env);
  }

  async idOf(service: string): Promise<string> {
    const id = await this.compose('ps', '--quiet', service);
    if (id === '') throw new Error(`${service} has no container`);
    return id;
  }

  async healthOf(service: string): Promise<string> {
    const format = '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}';
    return this.engine('inspect', '--format', format, await this.idOf(service));
  }
}

function serviceOf(node: number): string {
  return `node-${node}`;
}

/** Healthy where a service has a check, else running. */
async function healthy(docker: Docker): Promise<void> {
  await until('every service is healthy', HEALTHY_TIMEOUT_MS, async () => {
    const states = await Promise.all(SERVICES.map((service) => docker.healthOf(service)));
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

/** Resolves to what the program prints; a failure says what it complained of. */
function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  timeoutMs = COMMAND_TIMEOUT_MS,
): Promise<string> {
  const options = { env, timeout: timeoutMs, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise((resolve, reject) => {
    const ended = (error: ExecFileException | null, printed: string, complaint: string): void => {
      if (error === null) resolve(printed.trimEnd());
      else reject(new Error(`${program} ${args.join(' ')}: ${complaint.trim() || error.message}`));
    };
    execFile(program, args, options, ended);
  });
}

async function isOnPath(program: string): Promise<boolean> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await access(join(directory, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

function keyHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}
