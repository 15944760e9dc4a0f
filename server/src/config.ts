// Configuration of one node: from the environment and an optional JSON file. Every problem is
// reported at once, an unknown ROCKPOOL_ name is a problem too (a typo must not become a default).

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import type { Environment } from '@rockpool/cli';
import { isVariable, VARIABLE_PREFIX, VARIABLES, type VariableName } from './config-variables.ts';
import type { TurnConfig } from './turn/relay-access.ts';

export interface Listen {
  readonly address: string;
  readonly port: number;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Config {
  /** scheme://host[:port] of the front door, as browsers send it in Origin. */
  readonly publicOrigin: string;
  /** Relying party id of passkeys: the origin's host name. */
  readonly rpId: string;
  readonly dataDir: string;
  /** With less than that free, nothing is changed. */
  readonly disk: { readonly freeBytesMin: number; readonly ballastBytes: number };
  readonly http: Listen;
  readonly peer: Listen;
  /** Node name to host:port, where it differs from the membership. */
  readonly peers: ReadonlyMap<string, string>;
  readonly stun: {
    readonly addresses: readonly string[];
    readonly port: number;
    /** Undefined: NAT behaviour is not discovered (RFC 5780). */
    readonly alternatePort: number | undefined;
    readonly tcp: boolean;
    readonly sharePort: boolean;
    /** Receive and send in batches where the machine can. */
    readonly batched: boolean;
  };
  /** Told to clients, as stun:host:port. */
  readonly stunUrls: readonly string[];
  /** Given to members only, with credentials. */
  readonly turn: TurnConfig;
  readonly metrics: Listen;
  readonly trustedProxies: readonly string[];
  readonly webDir: string;
  readonly logLevel: LogLevel;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Clients are told at most this many STUN addresses (the limit of the hello frame). */
const STUN_URLS_MAX = 16;
/** RFC 7065, with the port named. */
const TURN_URL = /^turns?:[A-Za-z0-9.[\]:-]{1,255}:\d{1,5}(\?transport=(udp|tcp))?$/;
const TURN_URLS_MAX = 16;
/** sun_path holds 108 bytes on Linux, and the control socket lies in the data directory. */
const DATA_DIR_BYTES_MAX = 90;
const MEGABYTE = 1_000_000;
const PROXY_PRESETS = ['loopback', 'linklocal', 'uniquelocal'];

/** Reads the file that ROCKPOOL_CONFIG names, then judges everything together. */
export function loadConfig(env: Environment): ConfigResult {
  const path = env['ROCKPOOL_CONFIG'];
  if (path === undefined || path === '') return readConfig(env, {});
  try {
    return readConfig(env, JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read';
    const others = readConfig(env, {});
    const problems = others.ok ? [] : others.problems;
    return { ok: false, problems: [`ROCKPOOL_CONFIG names ${path}, but ${why}`, ...problems] };
  }
}

/** Pure: environment and parsed file in, configuration or all problems out. */
export function readConfig(env: Environment, file: unknown): ConfigResult {
  const problems: string[] = [];
  const values = gather(env, file, problems);
  const read = <T>(name: VariableName, parse: (text: string) => T | Problem): T | undefined => {
    const parsed = parse(values.get(name) ?? VARIABLES[name].initial);
    if (!(parsed instanceof Problem)) return parsed;
    problems.push(`${name} ${parsed.words}`);
    return undefined;
  };
  const publicOrigin = readOrigin(values, problems);
  const dataDir = read('ROCKPOOL_DATA', parseDataDir);
  const diskFreeMin = read('ROCKPOOL_DISK_FREE_MIN', parseMegabytes);
  const diskBallast = read('ROCKPOOL_DISK_BALLAST', parseMegabytes);
  const httpAddress = read('ROCKPOOL_HTTP_ADDRESS', parseAddress);
  const httpPort = read('ROCKPOOL_HTTP_PORT', parsePort);
  const peerAddress = read('ROCKPOOL_PEER_ADDRESS', parseAddress);
  const peerPort = read('ROCKPOOL_PEER_PORT', parsePort);
  const peers = read('ROCKPOOL_PEERS', parsePeers);
  const stunAddresses = read('ROCKPOOL_STUN_ADDRESS', parseAddresses);
  const stunPort = read('ROCKPOOL_STUN_PORT', parsePort);
  const alternatePort = read('ROCKPOOL_STUN_ALTERNATE_PORT', (text) => {
    return text === '' ? undefined : parsePort(text);
  });
  const stunTcp = read('ROCKPOOL_STUN_TCP', parseYesNo);
  const stunSharePort = read('ROCKPOOL_STUN_SHARE_PORT', parseYesNo);
  const stunBatched = read('ROCKPOOL_STUN_BATCHED', parseYesNo);
  const stunUrls = read('ROCKPOOL_STUN_URLS', parseStunUrls);
  const turn = readTurn(values, problems);
  const metricsAddress = read('ROCKPOOL_METRICS_ADDRESS', parseAddress);
  const metricsPort = read('ROCKPOOL_METRICS_PORT', parsePort);
  const trustedProxies = read('ROCKPOOL_TRUSTED_PROXIES', parseProxies);
  const logLevel = read('ROCKPOOL_LOG_LEVEL', parseLogLevel);
  const webDir = values.get('ROCKPOOL_WEB_DIR') || defaultWebDir();
  if (problems.length > 0) return { ok: false, problems };
  const { hostname } = new URL(publicOrigin);
  const port = stunPort ?? 0;
  return {
    ok: true,
    config: {
      publicOrigin,
      rpId: hostname,
      dataDir: dataDir ?? '',
      disk: { freeBytesMin: diskFreeMin ?? 0, ballastBytes: diskBallast ?? 0 },
      http: { address: httpAddress ?? '', port: httpPort ?? 0 },
      peer: { address: peerAddress ?? '', port: peerPort ?? 0 },
      peers: peers ?? new Map(),
      stun: {
        addresses: stunAddresses ?? [],
        port,
        alternatePort,
        tcp: stunTcp ?? false,
        sharePort: stunSharePort ?? false,
        batched: stunBatched ?? true,
      },
      stunUrls:
        stunUrls !== undefined && stunUrls.length > 0
          ? stunUrls
          : port === 0
            ? []
            : [`stun:${hostname}:${port}`],
      turn,
      metrics: { address: metricsAddress ?? '', port: metricsPort ?? 0 },
      trustedProxies: trustedProxies ?? [],
      webDir,
      logLevel: logLevel ?? 'info',
    },
  };
}

/** The data directory alone, for commands that only talk to a running node. */
export function dataDirOf(env: Environment): string {
  return resolve(env['ROCKPOOL_DATA'] || VARIABLES.ROCKPOOL_DATA.initial);
}

/** Read by the commands of a device, which may run beside a node. */
const OF_A_DEVICE = ['ROCKPOOL_SERVER', 'ROCKPOOL_AGENT_DATA', 'ROCKPOOL_PASSPHRASE_FILE'];

class Problem {
  readonly words: string;
  constructor(words: string) {
    this.words = words;
  }
}

function gather(env: Environment, file: unknown, problems: string[]): Map<VariableName, string> {
  const values = new Map<VariableName, string>();
  if (typeof file !== 'object' || file === null || Array.isArray(file)) {
    problems.push('ROCKPOOL_CONFIG must hold one JSON object');
  } else {
    for (const [name, value] of Object.entries(file)) {
      if (!isVariable(name) || name === 'ROCKPOOL_CONFIG') {
        problems.push(`${name} in the file is not a setting of Rockpool`);
      } else if (typeof value !== 'string' && typeof value !== 'number') {
        problems.push(`${name} in the file must be text or a number`);
      } else values.set(name, String(value));
    }
  }
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(VARIABLE_PREFIX) || OF_A_DEVICE.includes(name)) continue;
    if (value === undefined) continue;
    if (!isVariable(name)) problems.push(`${name} is not a setting of Rockpool`);
    else if (value !== '') values.set(name, value);
  }
  return values;
}

function readOrigin(values: ReadonlyMap<VariableName, string>, problems: string[]): string {
  const host = values.get('ROCKPOOL_HOST');
  const override = values.get('ROCKPOOL_PUBLIC_ORIGIN');
  if (host !== undefined && !isHostName(host)) {
    problems.push('ROCKPOOL_HOST must be a bare host name such as pool.example.org');
  }
  if (override !== undefined) {
    const origin = parseOrigin(override);
    if (!(origin instanceof Problem)) return origin;
    problems.push(`ROCKPOOL_PUBLIC_ORIGIN ${origin.words}`);
  } else if (host === undefined) {
    problems.push('ROCKPOOL_HOST is missing: the public host name, such as pool.example.org');
  }
  return `https://${host?.toLowerCase()}`;
}

function readTurn(values: ReadonlyMap<VariableName, string>, problems: string[]): TurnConfig {
  const urls = listOf(values.get('ROCKPOOL_TURN_URLS') ?? '');
  const secret = values.get('ROCKPOOL_TURN_SECRET_FILE');
  const username = values.get('ROCKPOOL_TURN_USERNAME');
  const password = values.get('ROCKPOOL_TURN_PASSWORD_FILE');
  const wrong = turnProblem(urls, secret, username, password);
  if (wrong !== undefined) problems.push(wrong);
  if (secret !== undefined) return { urls, access: { kind: 'secret', file: secret } };
  if (username === undefined || password === undefined) return { urls, access: undefined };
  return { urls, access: { kind: 'password', username, file: password } };
}

function turnProblem(
  urls: readonly string[],
  secret: string | undefined,
  username: string | undefined,
  password: string | undefined,
): string | undefined {
  if (urls.length > TURN_URLS_MAX || !urls.every((url) => TURN_URL.test(url))) {
    return `ROCKPOOL_TURN_URLS must be at most ${TURN_URLS_MAX} of turn:HOST:PORT (also ?transport=udp or tcp) or turns:HOST:PORT, separated by commas`;
  }
  const byPassword = username !== undefined || password !== undefined;
  const given = secret !== undefined || byPassword;
  if (urls.length === 0) {
    return given
      ? 'ROCKPOOL_TURN_URLS is missing: the TURN servers that the secret is for'
      : undefined;
  }
  if (secret !== undefined && byPassword) {
    return 'ROCKPOOL_TURN_SECRET_FILE and ROCKPOOL_TURN_USERNAME exclude each other';
  }
  if (secret === undefined && (username === undefined || password === undefined)) {
    return 'ROCKPOOL_TURN_URLS needs ROCKPOOL_TURN_SECRET_FILE, or ROCKPOOL_TURN_USERNAME with ROCKPOOL_TURN_PASSWORD_FILE';
  }
  return username !== undefined && !/^[!-~]{1,100}$/.test(username)
    ? 'ROCKPOOL_TURN_USERNAME must be at most 100 characters without spaces'
    : undefined;
}

// WebAuthn takes host names only, so an address is no host name here.
function isHostName(host: string): boolean {
  const labels = /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/i;
  return host.length <= 253 && labels.test(host) && isIP(host) === 0;
}

function parseOrigin(text: string): string | Problem {
  const wrong = new Problem('must be an origin such as https://pool.example.org');
  if (!URL.canParse(text)) return wrong;
  const url = new URL(text);
  if (url.origin !== text.replace(/\/$/, '') || !isHostName(url.hostname)) return wrong;
  if (url.protocol === 'https:') return url.origin;
  const local = url.hostname === 'localhost' || url.hostname.endsWith('.localhost');
  if (url.protocol === 'http:' && local) return url.origin;
  return new Problem('must be https (http works for localhost only: browsers refuse passkeys)');
}

function parseDataDir(text: string): string | Problem {
  const path = resolve(text);
  return Buffer.byteLength(path) <= DATA_DIR_BYTES_MAX
    ? path
    : new Problem(`must be a path of at most ${DATA_DIR_BYTES_MAX} bytes (for its Unix socket)`);
}

function parseAddress(text: string): string | Problem {
  return isIP(text) !== 0 || text === 'localhost'
    ? text
    : new Problem('must be an IP address such as 127.0.0.1, 0.0.0.0 or ::');
}

function parseAddresses(text: string): readonly string[] | Problem {
  const addresses = listOf(text);
  return addresses.every((address) => isIP(address) !== 0)
    ? addresses
    : new Problem('must be IP addresses separated by commas');
}

function parsePort(text: string): number | Problem {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65_536;
  return port <= 65_535 ? port : new Problem('must be a port number from 0 to 65535');
}

function parseMegabytes(text: string): number | Problem {
  return /^\d{1,7}$/.test(text)
    ? Number(text) * MEGABYTE
    : new Problem('must be a whole number of megabytes');
}

function parseYesNo(text: string): boolean | Problem {
  return text === 'yes' || text === 'no' ? text === 'yes' : new Problem('must be yes or no');
}

function parsePeers(text: string): ReadonlyMap<string, string> | Problem {
  const peers = new Map<string, string>();
  for (const item of listOf(text)) {
    const parts = /^([^=]+)=(.+:\d{1,5})$/.exec(item);
    if (parts?.[1] === undefined || parts[2] === undefined) {
      return new Problem('must be NAME=HOST:PORT, separated by commas');
    }
    peers.set(parts[1], parts[2]);
  }
  return peers;
}

function parseStunUrls(text: string): readonly string[] | Problem {
  const urls = listOf(text);
  if (urls.length > STUN_URLS_MAX) return new Problem(`must be at most ${STUN_URLS_MAX} addresses`);
  return urls.every((url) => /^stun:[A-Za-z0-9.[\]:-]{1,255}:\d{1,5}$/.test(url))
    ? urls
    : new Problem('must be stun:HOST:PORT, separated by commas');
}

function parseProxies(text: string): readonly string[] | Problem {
  const proxies = listOf(text);
  return proxies.every(isNetwork)
    ? proxies
    : new Problem('must be addresses, networks (10.0.0.0/8), loopback, linklocal or uniquelocal');
}

function isNetwork(text: string): boolean {
  if (PROXY_PRESETS.includes(text)) return true;
  const [address = '', bits, rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest !== undefined) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

function parseLogLevel(text: string): LogLevel | Problem {
  return (
    LOG_LEVELS.find((level) => level === text) ??
    new Problem(`must be one of ${LOG_LEVELS.join(', ')}`)
  );
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function defaultWebDir(): string {
  return join(import.meta.dirname, '..', '..', 'clients', 'web', 'dist');
}
