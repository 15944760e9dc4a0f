// The HTTP part of the interface as OpenAPI. It is small on purpose: everything with authority is a
// frame on an authenticated socket (docs/protocol.md).

import type { FastifyInstance } from 'fastify';

const statusAnswer = (description: string) => ({
  description,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['status'],
        properties: { status: { enum: ['alive', 'ready', 'waiting', 'draining'] } },
      },
    },
  },
});

const errorAnswer = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
});

const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Rockpool node',
    version: '1',
    description: 'Static files, health, and the upgrade to the WebSocket that carries the rest.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  paths: {
    '/livez': {
      get: { summary: 'Is the process alive?', responses: { 200: statusAnswer('yes') } },
    },
    '/readyz': {
      get: {
        summary: 'Can this node serve everything?',
        responses: { 200: statusAnswer('yes'), 503: statusAnswer('not now') },
      },
    },
    '/ws': {
      get: {
        summary: 'WebSocket; binary frames of deterministic CBOR, hello first',
        parameters: [{ name: 'Origin', in: 'header', required: true, schema: { type: 'string' } }],
        responses: {
          101: { description: 'switching to WebSocket' },
          403: errorAnswer('AUTH_ORIGIN: opened by a page of another origin'),
          429: errorAnswer('LIMIT_RATE or LIMIT_SOCKETS'),
          503: errorAnswer('CLUSTER_DRAINING'),
        },
      },
    },
    '/api/openapi.json': {
      get: { summary: 'This description', responses: { 200: { description: 'OpenAPI 3.1' } } },
    },
  },
  components: {
    schemas: {
      Error: {
        type: 'object',
        required: ['code', 'message', 'remedy'],
        properties: {
          code: { type: 'string' },
          message: { type: 'string' },
          remedy: { type: 'string' },
        },
      },
    },
  },
} as const;

export async function openapiRoute(app: FastifyInstance): Promise<void> {
  app.get('/api/openapi.json', async (_request, reply) => {
    await reply.send(OPENAPI);
  });
}
