// coturn on loopback, as an operator runs it beside the nodes; from the Debian package coturn.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const PROGRAM = 'turnserver';
const LOOPBACK = '127.0.0.1';
/** Apart from where clients send from, so that a relay lets in other relays alone, as between machines. */
const RELAY = '127.0.0.2';
const SECRET = 'between-the-servers';
const READY_MAX_MS = 15_000;
/** A Binding request (RFC 8489): TURN servers answer it too. */
const REQUEST = Buffer.from(`000100002112a442${'07'.repeat(12)}`, 'hex');

export function hasTurnServer(): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, PROGRAM), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export class TurnServer {
  readonly url: string;
  /** Holds what nodes share with it. */
  readonly secretFile: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(url: string, child: ChildProcess, directory: string) {
    this.url = url;
    this.secretFile = join(directory, 'secret');
    this.#child = child;
    this.#directory = directory;
  }

  static async start(): Promise<TurnServer> {
    const directory = await mkdtemp(join(tmpdir(), 'rockpool-turn-'));
    const probe = createSocket('udp4').bind(0, LOOPBACK);
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    const child = spawn(
      PROGRAM,
      [
        ...['-n', '--no-tls', '--no-dtls', '--no-cli', '-m', '1', '--fingerprint', '--realm=pool'],
        ...[`--listening-ip=${LOOPBACK}`, `--relay-ip=${RELAY}`, `--listening-port=${port}`],
        ...['--use-auth-secret', `--static-auth-secret=${SECRET}`, '--allow-loopback-peers'],
        ...['--log-file=stdout', '--simple-log', '--pidfile=pid', '--userdb=turndb'],
      ],
      { cwd: directory, stdio: 'ignore' },
    );
    const server = new TurnServer(`turn:${LOOPBACK}:${port}`, child, directory);
    await writeFile(server.secretFile, SECRET);
    await server.#answers(port);
    return server;
  }

  /** As a node makes them. */
  credentials(lifeSeconds = 3_600): { username: string; credential: string } {
    const username = `${Math.floor(Date.now() / 1000) + lifeSeconds}:0123456789abcdef`;
    const credential = createHmac('sha1', SECRET).update(username).digest('base64');
    return { username, credential };
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await gone;
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #answers(port: number): Promise<void> {
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    const asking = setInterval(() => socket.send(REQUEST, port, LOOPBACK), 100);
    try {
      await once(socket, 'message', { signal: AbortSignal.timeout(READY_MAX_MS) });
    } finally {
      clearInterval(asking);
      socket.close();
    }
  }
}
