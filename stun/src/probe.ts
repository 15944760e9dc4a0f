/*
 * Asks a STUN server once for our own address, as a client would: used by the doctor and the self-check.
 * Retransmits as RFC 8489, 6.2.1 says, within the time given.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import {
  type BindingAnswer,
  decodeBindingAnswer,
  encodeBindingRequest,
} from './codec/binding-client.ts';
import { TRANSACTION_ID_BYTES } from './codec/message.ts';
import { resolveHost } from './resolve-host.ts';

const FIRST_RETRANSMIT_MS = 500;
const REQUESTS_MAX = 7;
const TIMEOUT_MS = 3_000;

export type StunProbeCode =
  /** The host name has no address. */
  | 'STUN_HOST_UNKNOWN'
  /** No answer came in time: UDP is blocked, or nothing listens. */
  | 'STUN_NO_ANSWER'
  /** The machine says that nothing listens there, or that it has no way to it. */
  | 'STUN_UNREACHABLE'
  /** The server answered with an error. */
  | 'STUN_REFUSED';

export type StunProbeResult =
  | {
      readonly ok: true;
      /** Our address and port as the server saw them. */
      readonly address: string;
      readonly family: 4 | 6;
      readonly port: number;
      readonly rttMs: number;
    }
  | { readonly ok: false; readonly code: StunProbeCode };

export interface StunProbeOptions {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs?: number;
}

/** Sends one Binding request and resolves with what came of it. Never rejects. */
export async function probeStun(options: StunProbeOptions): Promise<StunProbeResult> {
  const found = await resolveHost(options.host);
  if (found === undefined) return { ok: false, code: 'STUN_HOST_UNKNOWN' };
  const socket = createSocket(found.family === 6 ? 'udp6' : 'udp4');
  try {
    await connect(socket, options.port, found.address);
    return await exchange(socket, options.timeoutMs ?? TIMEOUT_MS);
  } catch {
    return { ok: false, code: 'STUN_UNREACHABLE' };
  } finally {
    socket.close();
  }
}

function connect(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve();
    });
    socket.connect(port, address);
  });
}

function exchange(socket: Socket, timeoutMs: number): Promise<StunProbeResult> {
  const transactionId = randomBytes(TRANSACTION_ID_BYTES);
  const request = encodeBindingRequest(transactionId);
  return new Promise((resolve, reject) => {
    let retransmit: NodeJS.Timeout | undefined;
    let sent = 0;
    const startedMs = performance.now();
    const finish = (result: StunProbeResult) => {
      clearTimeout(retransmit);
      clearTimeout(deadline);
      resolve(result);
    };
    const deadline = setTimeout(() => finish({ ok: false, code: 'STUN_NO_ANSWER' }), timeoutMs);
    const send = () => {
      socket.send(request);
      sent += 1;
      if (sent === REQUESTS_MAX) return;
      retransmit = setTimeout(send, FIRST_RETRANSMIT_MS * 2 ** (sent - 1));
    };
    socket.on('error', (error) => {
      clearTimeout(retransmit);
      clearTimeout(deadline);
      reject(error);
    });
    socket.on('message', (datagram) => {
      const result = resultOf(decodeBindingAnswer(datagram, transactionId), startedMs);
      if (result !== undefined) finish(result);
    });
    send();
  });
}

function resultOf(answer: BindingAnswer, startedMs: number): StunProbeResult | undefined {
  switch (answer.kind) {
    case 'ignored':
      return undefined;
    case 'error':
      return { ok: false, code: 'STUN_REFUSED' };
    case 'success': {
      const { address, family, port } = answer;
      return {
        ok: true,
        address,
        family,
        port,
        rttMs: performance.now() - startedMs,
      };
    }
  }
}
