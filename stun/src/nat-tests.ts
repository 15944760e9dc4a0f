/*
 * Finds out how the NAT before this machine behaves (RFC 5780, section 4): does one socket keep one public port whomever it
 * speaks to, and who gets through to it. The first needs two servers, or one with two addresses; the second such a one.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import {
  type BindingAnswer,
  type ChangeRequest,
  decodeBindingAnswer,
  type Endpoint,
  encodeBindingRequest,
} from './codec/binding-client.ts';
import { TRANSACTION_ID_BYTES } from './codec/message.ts';
import { resolveHost } from './resolve-host.ts';

/** An answer that does not come is what some of the tests wait for, so this is how long they take. */
const ANSWER_TIMEOUT_MS = 1_500;
const RETRANSMIT_MS = 400;
const SERVERS_MAX = 16;

export interface StunAddress {
  readonly host: string;
  readonly port: number;
}

export interface NatBehaviour {
  /** Undefined where no server answered over IPv4. */
  readonly translated: boolean | undefined;
  /** 'unknown': fewer than two answers to compare. */
  readonly mapping: 'steady' | 'changing' | 'unknown';
  /** 'unknown': no server with two addresses answered. */
  readonly filtering: 'anyone' | 'sameAddress' | 'samePort' | 'unknown';
}

type Success = Extract<BindingAnswer, { kind: 'success' }>;

/** Tests the NAT for IPv4; there is none worth the name for IPv6. Never rejects. */
export async function testNat(servers: readonly StunAddress[]): Promise<NatBehaviour> {
  const found = await Promise.all(servers.slice(0, SERVERS_MAX).map(findServer));
  const known = found.flatMap((server) => server ?? []);
  const socket = await openSocket();
  try {
    const answers = await Promise.all(known.map((server) => ask(socket, server)));
    const at = answers.findIndex((answer) => answer?.other?.family === 4);
    const other = answers[at]?.other;
    const more = other === undefined ? undefined : await ask(socket, other);
    const mapped = [...answers, more].flatMap((answer) => answer ?? []);
    return {
      translated: mapped[0] && (await localAddress(known[0])) !== mapped[0].address,
      mapping: mappingOf(mapped),
      filtering: await testFiltering(known[at]),
    };
  } finally {
    socket.close();
  }
}

function mappingOf(answers: readonly Success[]): NatBehaviour['mapping'] {
  if (answers.length < 2) return 'unknown';
  const seen = new Set(answers.map(({ address, port }) => `${address} ${port}`));
  return seen.size === 1 ? 'steady' : 'changing';
}

/** RFC 5780, 4.4, from a socket of its own: the NAT must not have seen it write to the other address. */
async function testFiltering(server: Endpoint | undefined): Promise<NatBehaviour['filtering']> {
  if (server === undefined) return 'unknown';
  const socket = await openSocket();
  try {
    if ((await ask(socket, server)) === undefined) return 'unknown';
    if ((await ask(socket, server, 'address and port')) !== undefined) return 'anyone';
    return (await ask(socket, server, 'port')) === undefined ? 'samePort' : 'sameAddress';
  } finally {
    socket.close();
  }
}

async function findServer({ host, port }: StunAddress): Promise<Endpoint | undefined> {
  const found = await resolveHost(host, 4);
  return found?.family === 4 ? { address: found.address, family: 4, port } : undefined;
}

/** With an error listener: what cannot be sent is not answered, and that is all there is to it. */
function openSocket(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** The answer, from wherever it comes, or undefined after a while. */
function ask(socket: Socket, to: Endpoint, change?: ChangeRequest): Promise<Success | undefined> {
  const transactionId = randomBytes(TRANSACTION_ID_BYTES);
  const request = encodeBindingRequest(transactionId, change === undefined ? {} : { change });
  return new Promise((resolve) => {
    const send = () => socket.send(request, to.port, to.address, () => {});
    const finish = (answer?: Success) => {
      clearInterval(again);
      clearTimeout(deadline);
      socket.off('message', take);
      resolve(answer);
    };
    const take = (datagram: Uint8Array, _from: RemoteInfo) => {
      const answer = decodeBindingAnswer(datagram, transactionId);
      if (answer.kind === 'success') finish(answer);
      else if (answer.kind === 'error') finish();
    };
    const again = setInterval(send, RETRANSMIT_MS);
    const deadline = setTimeout(finish, ANSWER_TIMEOUT_MS);
    socket.on('message', take);
    send();
  });
}

/** The address that this machine sends from to that server. */
function localAddress(server: Endpoint | undefined): Promise<string | undefined> {
  if (server === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (address?: string) => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => finish());
    socket.connect(server.port, server.address, () => finish(socket.address().address));
  });
}
