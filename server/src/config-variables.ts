// Every variable that a node reads, with its default, in one table. docs/operations.md is held
// against it by a test. The same names are keys of the JSON file that ROCKPOOL_CONFIG names.

interface Variable {
  readonly initial: string;
  readonly means: string;
}

const variable = (initial: string, means: string): Variable => ({ initial, means });

export const VARIABLES = {
  ROCKPOOL_CONFIG: variable('', 'JSON file with any of these variables; the environment wins'),
  ROCKPOOL_HOST: variable('', 'public host name: the one required value of a public deployment'),
  ROCKPOOL_PUBLIC_ORIGIN: variable(
    '',
    'the one public origin, when it is not https://ROCKPOOL_HOST',
  ),
  ROCKPOOL_DATA: variable('data', 'data directory of this node'),
  ROCKPOOL_DISK_FREE_MIN: variable(
    '256',
    'MB that must stay free on the disk of ROCKPOOL_DATA; with less nothing is changed',
  ),
  ROCKPOOL_DISK_BALLAST: variable('32', 'MB of that disk taken, to be given away when it is full'),
  ROCKPOOL_HTTP_ADDRESS: variable('127.0.0.1', 'address that HTTP and WebSockets listen on'),
  ROCKPOOL_HTTP_PORT: variable('8080', 'port that HTTP and WebSockets listen on (0: any free one)'),
  ROCKPOOL_PEER_ADDRESS: variable('0.0.0.0', 'address that the peer port listens on'),
  ROCKPOOL_PEER_PORT: variable('7400', 'port that the other nodes reach'),
  ROCKPOOL_PEERS: variable('', 'where peers are now, if moved: NAME=HOST:PORT, by commas'),
  ROCKPOOL_STUN_ADDRESS: variable('', 'addresses STUN listens on, by commas (empty: all)'),
  ROCKPOOL_STUN_PORT: variable('3478', 'port of STUN (0: this node answers no STUN)'),
  ROCKPOOL_STUN_ALTERNATE_PORT: variable('', 'second port, to discover NATs with two addresses'),
  ROCKPOOL_STUN_TCP: variable('no', 'yes: answers STUN over TCP too'),
  ROCKPOOL_STUN_SHARE_PORT: variable('no', 'yes: several nodes of this machine have one STUN port'),
  ROCKPOOL_STUN_BATCHED: variable('yes', 'no: receives and sends STUN one datagram at a time'),
  ROCKPOOL_STUN_URLS: variable('', 'what clients are told, by commas (empty: own host and port)'),
  ROCKPOOL_TURN_URLS: variable(
    '',
    'TURN servers of yours, turn:HOST:PORT or turns:HOST:PORT, by commas',
  ),
  ROCKPOOL_TURN_SECRET_FILE: variable('', 'file with the secret that the TURN servers share'),
  ROCKPOOL_TURN_USERNAME: variable('', 'instead: one username for everybody'),
  ROCKPOOL_TURN_PASSWORD_FILE: variable('', 'and the file with its password'),
  ROCKPOOL_METRICS_ADDRESS: variable('127.0.0.1', 'address of the private metrics listener'),
  ROCKPOOL_METRICS_PORT: variable('9464', 'port of the private metrics listener (0: off)'),
  ROCKPOOL_TRUSTED_PROXIES: variable(
    'loopback',
    'addresses or networks whose X-Forwarded-For counts',
  ),
  ROCKPOOL_WEB_DIR: variable('', 'built web client (empty: the one of this installation)'),
  ROCKPOOL_LOG_LEVEL: variable('info', 'fatal, error, warn, info, debug, trace or silent'),
} as const satisfies Readonly<Record<string, Variable>>;

export type VariableName = keyof typeof VARIABLES;

export const VARIABLE_PREFIX = 'ROCKPOOL_';

export function isVariable(name: string): name is VariableName {
  return Object.hasOwn(VARIABLES, name);
}
