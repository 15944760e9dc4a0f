// The one table of expected failures. A code is stable; its words may improve. docs/errors.md is
// generated from here.

export interface ErrorEntry {
  /** Status where the failure is answered over HTTP. */
  readonly http: number;
  /** WebSocket close code where the failure ends the socket, else 0 (the socket goes on). */
  readonly close: number;
  /** May the same request succeed: never, later here, or at another node? */
  readonly retry: 'never' | 'later' | 'elsewhere';
  /** What happened, for a person. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

const entry = (
  http: number,
  close: number,
  retry: ErrorEntry['retry'],
  message: string,
  remedy: string,
): ErrorEntry => ({ http, close, retry, message, remedy });

export const ERRORS = {
  PROTOCOL_MALFORMED: entry(
    400,
    4400,
    'never',
    'A message could not be read.',
    'Reload the page; if it stays, the client and server versions do not fit together.',
  ),
  PROTOCOL_TOO_LARGE: entry(
    413,
    4413,
    'never',
    'A message was larger than allowed.',
    'Send less at once; docs/limits.md lists the limits.',
  ),
  PROTOCOL_UNKNOWN_FRAME: entry(
    400,
    4400,
    'never',
    'The other side does not know this kind of message.',
    'Update the older side.',
  ),
  PROTOCOL_VERSION: entry(
    426,
    4426,
    'never',
    'Client and server speak different versions.',
    'Reload the page or update the server.',
  ),
  AUTH_REQUIRED: entry(
    401,
    0,
    'never',
    'This connection has not shown its device yet.',
    'Sign in on this device first.',
  ),
  AUTH_ORIGIN: entry(
    403,
    4403,
    'never',
    'This page was loaded from another address than the server allows.',
    'Open Rockpool at its own address; operators set ROCKPOOL_PUBLIC_ORIGIN.',
  ),
  AUTH_PROOF: entry(
    401,
    0,
    'never',
    'The proof of this device was not accepted.',
    'Check the clock of this device, then sign in again.',
  ),
  AUTH_DEVICE_UNKNOWN: entry(
    401,
    0,
    'elsewhere',
    'This device is not known or no longer valid.',
    'Sign in again with your passkey.',
  ),
  AUTH_CHALLENGE: entry(
    400,
    0,
    'never',
    'The passkey answered another question than the one asked.',
    'Try again from this page; never approve a request that you did not start.',
  ),
  AUTH_PASSKEY: entry(
    401,
    0,
    'never',
    'The passkey was not accepted.',
    'Try again, or use another of your passkeys.',
  ),
  AUTH_ADMISSION: entry(
    403,
    0,
    'never',
    'A new account needs a valid invitation.',
    'Ask a member for a new invite link.',
  ),
  CHAIN_MALFORMED: entry(
    400,
    0,
    'never',
    'A signed statement could not be read.',
    'Update this client.',
  ),
  CHAIN_UNKNOWN_KIND: entry(
    400,
    0,
    'never',
    'A signed statement is of a kind this version does not know.',
    'Update this client or server.',
  ),
  CHAIN_UNKNOWN: entry(
    404,
    0,
    'never',
    'There is no such user or pool, or it is not yours to see.',
    'Check the link, or ask for a new invite.',
  ),
  CHAIN_CONFLICT: entry(
    409,
    0,
    'later',
    'Something else changed at the same moment.',
    'Nothing to do: the client looks again and retries.',
  ),
  CHAIN_SIGNATURE: entry(
    400,
    0,
    'never',
    'A signature does not fit its statement.',
    'Do not trust the source of this statement.',
  ),
  CHAIN_AUTHORITY: entry(
    403,
    0,
    'never',
    'The signer may not do this.',
    'Ask an owner of the pool, or use a device that may.',
  ),
  CHAIN_EXPIRED: entry(
    410,
    0,
    'never',
    'The invitation, enrolment or device has expired.',
    'Ask for a new invite link, or sign in again.',
  ),
  CHAIN_USED: entry(
    409,
    0,
    'never',
    'This invitation or device has been used already.',
    'Ask for a new invite link.',
  ),
  CHAIN_QUOTA: entry(
    403,
    0,
    'never',
    'A limit of this account or pool is reached.',
    'Remove what is no longer used; docs/limits.md lists the limits.',
  ),
  CHAIN_STALE: entry(
    409,
    0,
    'later',
    'The statement rests on an older state of its author than the pool has seen.',
    'Nothing to do: the client looks again and retries.',
  ),
  CHAIN_FORK: entry(
    409,
    0,
    'never',
    'Two different histories were shown for one user or pool.',
    'Sending is paused; compare with another member before you go on.',
  ),
  CHAIN_GRACE: entry(
    409,
    0,
    'later',
    'The servers came back from an older state, so nothing is changed until people have brought back what is newer.',
    'Nothing to do: conversations and files go on, and changes are possible again within a day or so.',
  ),
  CHAIN_UNDECIDED: entry(
    409,
    0,
    'never',
    'Two histories of this account or pool were brought back, and a person has to choose one.',
    'Ask whoever runs the servers: rockpool branches shows both and takes one.',
  ),
  CHAIN_LATE: entry(
    409,
    0,
    'never',
    'The servers do not take back older changes at the moment.',
    'Nothing to do if all devices show the same; else ask whoever runs the servers.',
  ),
  CHAIN_FOREIGN: entry(
    409,
    0,
    'never',
    'The server showed an account that does not belong to this passkey.',
    'Do not go on; tell the operator of this server.',
  ),
  LINK_UNKNOWN: entry(
    404,
    0,
    'never',
    'No device waits under this code.',
    'Compare it with the new device letter by letter; a code is good for two minutes.',
  ),
  LINK_TRIES: entry(
    429,
    0,
    'never',
    'Too many codes were tried that led nowhere.',
    'Wait a quarter of an hour, then begin again with a new code.',
  ),
  LINK_BUSY: entry(
    409,
    0,
    'never',
    'Another device is being added already.',
    'Finish or cancel that first.',
  ),
  LINK_ENDED: entry(
    409,
    0,
    'never',
    'The other device went away or ended it.',
    'Begin again with a new code.',
  ),
  SIGNAL_NOT_MEMBER: entry(
    403,
    0,
    'never',
    'The other device is not in this pool.',
    'Nothing to do: they may have left.',
  ),
  SIGNAL_OFFLINE: entry(
    404,
    0,
    'later',
    'The other device is not connected.',
    'It will be reached when it comes back.',
  ),
  PEER_FINGERPRINT: entry(
    400,
    0,
    'never',
    'The connection was not made with the device that signed for it.',
    'The connection was refused; if this repeats, do not trust this server.',
  ),
  PEER_BINDING: entry(
    400,
    0,
    'never',
    'The other device did not prove that it owns this connection.',
    'The connection was refused.',
  ),
  RECORD_FOREIGN: entry(
    400,
    0,
    'never',
    'A message belongs to another pool or device log.',
    'It was set aside.',
  ),
  RECORD_CHAIN: entry(
    409,
    0,
    'never',
    "A message does not continue its author's log.",
    'It was set aside until the missing ones arrive.',
  ),
  RECORD_SIGNATURE: entry(
    400,
    0,
    'never',
    "A message does not carry its author's signature.",
    'It was refused.',
  ),
  RECORD_BODY: entry(
    400,
    0,
    'never',
    "A message's content is not what its author signed.",
    'It was refused and is asked for elsewhere.',
  ),
  FILE_BLOCK: entry(
    400,
    0,
    'elsewhere',
    'A part of a file arrived damaged.',
    'It was thrown away and is asked for again.',
  ),
  FILE_TOO_LARGE: entry(413, 0, 'never', 'The file is larger than Rockpool can send.', 'Split it.'),
  LIMIT_RATE: entry(
    429,
    0,
    'later',
    'Too many requests in a short time.',
    'Wait a moment; the client goes on by itself.',
  ),
  LIMIT_SOCKETS: entry(
    429,
    4429,
    'elsewhere',
    'Too many connections.',
    'Close other tabs, or wait a moment.',
  ),
  LIMIT_BACKPRESSURE: entry(
    429,
    4429,
    'elsewhere',
    'This connection reads too slowly.',
    'It reconnects by itself.',
  ),
  CLUSTER_UNAVAILABLE: entry(
    503,
    0,
    'later',
    'The servers cannot agree right now, so changes have to wait.',
    'Conversations go on; try the change again in a moment.',
  ),
  CLUSTER_READ_ONLY: entry(
    503,
    0,
    'later',
    'The servers are nearly out of room, so nothing can be changed for now.',
    'Conversations and files go on. Whoever runs the servers frees space on the disk that rockpool status names; then it goes on by itself.',
  ),
  CLUSTER_TIMEOUT: entry(
    504,
    0,
    'later',
    'The servers did not answer in time; the change may still happen.',
    'The client looks again and retries safely.',
  ),
  CLUSTER_DRAINING: entry(
    503,
    4503,
    'elsewhere',
    'This server is being stopped.',
    'Nothing to do: the client moves to another one.',
  ),
  INTERNAL: entry(
    500,
    0,
    'later',
    'Something went wrong on the server.',
    'Try again; operators find the correlation id in the log.',
  ),
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
