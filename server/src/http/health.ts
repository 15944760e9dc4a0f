// Liveness never depends on a quorum; readiness does: a node that cannot serve everything is passed
// over by the front door as long as another one can.

import type { FastifyInstance } from 'fastify';

export interface HealthOptions {
  ready(): Promise<boolean>;
  draining(): boolean;
}

export async function healthRoutes(app: FastifyInstance, options: HealthOptions): Promise<void> {
  const { ready, draining } = options;
  app.get('/livez', async (_request, reply) => {
    await reply.header('cache-control', 'no-store').send({ status: 'alive' });
  });
  app.get('/readyz', async (_request, reply) => {
    const status = draining() ? 'draining' : (await ready()) ? 'ready' : 'waiting';
    reply.header('cache-control', 'no-store').code(status === 'ready' ? 200 : 503);
    await reply.send({ status });
  });
}
