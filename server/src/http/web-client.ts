// The built web client. Its hashed files never change; its pages are asked for anew each time, so
// that an update reaches people at their next reload.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const IMMUTABLE = 'public, max-age=31536000, immutable';

export interface WebClientOptions {
  readonly webDir: string;
}

export async function webClient(app: FastifyInstance, { webDir }: WebClientOptions): Promise<void> {
  if (!existsSync(join(webDir, 'index.html'))) {
    app.log.warn({ webDir }, 'there is no built web client here');
    app.setNotFoundHandler(async (_request, reply) => {
      await reply.code(404).type('text/plain').send('The web client has not been built.\n');
    });
    return;
  }
  const assets = join(webDir, 'assets');
  await app.register(fastifyStatic, {
    root: webDir,
    cacheControl: false,
    setHeaders: (response, path) => {
      response.header('cache-control', path.startsWith(assets) ? IMMUTABLE : 'no-cache');
    },
  });
  app.setNotFoundHandler(async (request, reply) => {
    const page = request.method === 'GET' && request.headers.accept?.includes('text/html');
    if (page) return reply.sendFile('index.html');
    return reply.code(404).type('text/plain').send('Not found.\n');
  });
}
