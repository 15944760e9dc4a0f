// The fastify app of a node: one plugin per feature, coded errors, logs without secrets.

import { Writable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Fastify, { LogController } from 'fastify';
import type { Config } from '../config.ts';
import { sendError } from './error-answer.ts';
import { securityHeaders } from './security-headers.ts';

/** Rockpool takes no HTTP bodies; this only bounds what a stranger may send before being refused. */
const BODY_BYTES_MAX = 1024;
const REQUEST_TIMEOUT_MS = 10_000;

export type LogSink = (line: string) => void;

export function createApp(config: Config, logSink?: LogSink): FastifyInstance {
  const app = Fastify({
    logger: {
      level: config.logLevel,
      serializers: { req: loggedRequest },
      stream: logSink === undefined ? process.stdout : sinkStream(logSink),
    },
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: [...config.trustedProxies],
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
  });
  const headers = securityHeaders(config.publicOrigin);
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(headers);
  });
  app.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500) {
      await sendError(
        reply,
        error.statusCode === 413 ? 'PROTOCOL_TOO_LARGE' : 'PROTOCOL_MALFORMED',
      );
      return;
    }
    request.log.error({ err: error }, 'a request failed');
    await sendError(reply, 'INTERNAL');
  });
  return app;
}

/** A URL's query and the headers stay out of the log: nobody knows what a client puts there. */
function loggedRequest(request: FastifyRequest): { [key: string]: unknown } {
  return { method: request.method, path: request.url.split('?', 1)[0] };
}

function sinkStream(sink: LogSink): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      sink(String(chunk));
      done();
    },
  });
}
