// The same relay behind fastify, the way our own node takes its sockets.
import websocket from '@fastify/websocket';
import fastify from 'fastify';
import { JsonRelay } from './json-relay.ts';

const relay = new JsonRelay();
const app = fastify();

await app.register(websocket);
app.get('/', { websocket: true }, (socket, { url }) => relay.admit(socket, url));
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
