// The server of the npm package `stun` as its own example shows it, without the SOFTWARE attribute.
import { createRequire } from 'node:module';

interface StunMessage {
  addXorAddress(address: string, port: number): void;
}

interface StunServer {
  on(
    event: string,
    listener: (
      request: { transactionId: Buffer },
      source: { address: string; port: number },
    ) => void,
  ): void;
  send(message: StunMessage, port: number, address: string): void;
  listen(port: number, address: string): void;
}

interface StunPackage {
  readonly constants: Readonly<
    Record<'STUN_BINDING_RESPONSE' | 'STUN_EVENT_BINDING_REQUEST', string>
  >;
  createServer(options: { type: 'udp4' }): StunServer;
  createMessage(type: string, transactionId: Buffer): StunMessage;
}

const require = createRequire(import.meta.url);
const stun: StunPackage = require('stun');
const { STUN_BINDING_RESPONSE, STUN_EVENT_BINDING_REQUEST } = stun.constants;
const server = stun.createServer({ type: 'udp4' });

server.on(STUN_EVENT_BINDING_REQUEST, (request, source) => {
  const answer = stun.createMessage(STUN_BINDING_RESPONSE, request.transactionId);
  answer.addXorAddress(source.address, source.port);
  server.send(answer, source.port, source.address);
});
server.listen(Number(process.argv[2]), '127.0.0.1');
