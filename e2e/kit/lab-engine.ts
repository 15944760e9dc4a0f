// The engine of deploy/lab and docker-compose on it: nothing of another engine on this machine is touched.
import { type ExecFileException, execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const LAB = join(DEPLOY, 'lab');
const PROGRAMS = ['dockerd', 'docker', 'docker-compose', 'debootstrap'];
// The first time it makes base images too.
const UP_TIMEOUT_MS = 1_200_000;
const COMMAND_TIMEOUT_MS = 100_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** The lab's engine, and docker-compose for it. */
export class LabEngine {
  readonly #env: NodeJS.ProcessEnv;
  #ranBefore = true;

  private constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** What this machine lacks for it, in one sentence; undefined when nothing. */
  static async lacks(): Promise<string | undefined> {
    if (process.getuid?.() !== 0) return 'it runs a container engine, which needs root';
    const missing: string[] = [];
    for (const program of PROGRAMS) if (!(await isOnPath(program))) missing.push(program);
    if (missing.length === 0) return undefined;
    return `it needs Docker, and there is no ${missing.join(', no ')} (deploy/lab up installs them)`;
  }

  /** Starts the engine if it does not run, and makes the image from the sources as they are. */
  static async start(rockpoolHost: string): Promise<LabEngine> {
    const printed = await run(LAB, ['env'], process.env);
    const [, address] = /DOCKER_HOST=(\S+)/.exec(printed) ?? [];
    if (address === undefined) throw new Error(`deploy/lab env printed ${printed}`);
    const engine = new LabEngine({
      ...process.env,
      DOCKER_HOST: address,
      ROCKPOOL_HOST: rockpoolHost,
    });
    engine.#ranBefore = await engine.docker('info').then(
      () => true,
      () => false,
    );
    await run(LAB, ['up'], process.env, UP_TIMEOUT_MS);
    const volumes = await engine.docker('volume', 'ls', '--quiet', '--filter', 'name=rockpool-');
    if (volumes === '') return engine;
    await engine.#stopUnlessItRan();
    const names = volumes.split('\n').join(', ');
    throw new Error(`the lab holds data of another try: ${names}; "deploy/lab clean" removes it`);
  }

  /** Removes what the deployment made, and stops an engine that was not running before. */
  async leave(): Promise<void> {
    await this.compose('down', '--volumes');
    await this.#stopUnlessItRan();
  }

  async #stopUnlessItRan(): Promise<void> {
    if (!this.#ranBefore) await run(LAB, ['down'], process.env);
  }

  docker(...args: readonly string[]): Promise<string> {
    return run('docker', args, this.#env);
  }

  compose(...args: readonly string[]): Promise<string> {
    const file = join(DEPLOY, 'docker-compose.yml');
    const whose = ['--project-name', basename(DEPLOY), '--file', file];
    return run('docker-compose', [...whose, ...args], this.#env);
  }

  async idOf(service: string): Promise<string> {
    const id = await this.compose('ps', '--quiet', service);
    if (id === '') throw new Error(`${service} has no container`);
    return id;
  }

  async healthOf(service: string): Promise<string> {
    const format = '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}';
    return this.docker('inspect', '--format', format, await this.idOf(service));
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
      else {
        const late = error.killed === true ? `took over ${timeoutMs} ms: ` : '';
        const reason = complaint.trim() || error.message;
        reject(new Error(`${program} ${args.join(' ')}: ${late}${reason}`));
      }
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
