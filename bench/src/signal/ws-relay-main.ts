// The least that `ws` needs to be a signaling server.
import { WebSocketServer } from 'ws';
import { JsonRelay } from './json-relay.ts';

const relay = new JsonRelay();
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]) });

server.on('connection', (socket, { url = '' }) => relay.admit(socket, url));
