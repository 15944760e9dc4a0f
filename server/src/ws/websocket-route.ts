// The upgrade at /ws: exact Origin, room, rate. A refusal is a coded HTTP answer; nothing of the
// WebSocket has begun by then.

import websocket from '@fastify/websocket';
import { FRAME_BYTES_MAX } from '@rockpool/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendError } from '../http/error-answer.ts';
import { addressKey, type RateLimits } from '../limits/rate-limits.ts';
import type { Gateway } from './gateway.ts';

/**
 * Above this the WebSocket layer itself hangs up with 1009. It lies above FRAME_BYTES_MAX so that
 * a frame that is a little too large is answered with our own code, 4413.
 */
const PAYLOAD_BYTES_MAX = 2 * FRAME_BYTES_MAX;

export interface WebSocketRouteOptions {
  readonly gateway: Gateway;
  readonly limits: RateLimits;
  readonly origins: readonly string[];
  refused(code: string): void;
}

export async function websocketRoute(
  app: FastifyInstance,
  { gateway, limits, origins, refused }: WebSocketRouteOptions,
): Promise<void> {
  await app.register(websocket, {
    options: { maxPayload: PAYLOAD_BYTES_MAX, perMessageDeflate: false },
    errorHandler: (error, socket, request) => {
      request.log.debug({ err: error }, 'a socket failed');
      socket.terminate();
    },
    // The gateway drains the sockets itself, with a word to each.
    preClose: (done) => done(),
  });
  const mayOpen = async (request: FastifyRequest, reply: FastifyReply) => {
    const code = await refusal(request);
    if (code === undefined) return;
    refused(code);
    await sendError(reply, code);
  };
  const refusal = async ({ headers, ip }: FastifyRequest) => {
    if (gateway.draining) return 'CLUSTER_DRAINING';
    if (headers.origin === undefined || !origins.includes(headers.origin)) return 'AUTH_ORIGIN';
    const address = addressKey(ip);
    if ((await limits.take('sockets', address)) !== undefined) return 'LIMIT_RATE';
    return gateway.hasRoomFor(address) ? undefined : 'LIMIT_SOCKETS';
  };
  app.get('/ws', { websocket: true, preValidation: mayOpen }, (socket, request) => {
    const session = gateway.accept(socket, request.headers.origin ?? '', addressKey(request.ip));
    socket.on('message', (data: Buffer | ArrayBuffer | Buffer[], binary) => {
      session.receive(asBytes(data), binary);
    });
    socket.on('pong', () => {
      session.alive = true;
    });
    socket.on('close', () => gateway.close(session));
    gateway.greet(session).catch((error: unknown) => {
      request.log.error({ err: error }, 'a socket could not be greeted');
      session.end('INTERNAL');
    });
  });
}

function asBytes(data: Buffer | ArrayBuffer | Buffer[]): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return Array.isArray(data) ? Buffer.concat(data) : data;
}
