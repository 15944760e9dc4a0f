// One end of a TLS socket between two Node processes: what this machine does without a data channel.
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { answerRequests } from '../harness/answer-requests.ts';
import { ArrivingBytes } from './arriving-bytes.ts';

const PIECE_BYTES = 256 * 1024;
const HOST = 'localhost';

export interface Meeting {
  readonly port: number;
  readonly certificate: string;
}

let sending: Buffer = Buffer.alloc(0);
let arriving = new ArrivingBytes(0);
const connected = Promise.withResolvers<TLSSocket>();

answerRequests({
  async listen() {
    const { private: key, cert } = await generate([{ name: 'commonName', value: HOST }], {
      keyType: 'ec',
      curve: 'P-256',
    });
    const server = createServer({ key, cert, minVersion: 'TLSv1.3' }, connected.resolve);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return JSON.stringify({ port, certificate: cert } satisfies Meeting);
  },
  async connect(meeting) {
    const { port, certificate }: Meeting = JSON.parse(meeting);
    const socket = connect({ host: '127.0.0.1', port, ca: certificate, servername: HOST });
    await once(socket, 'secureConnect');
    socket.once('data', () => send(socket));
    return '';
  },
  fill(bytes) {
    sending = randomFillSync(Buffer.allocUnsafe(Number(bytes)));
    return createHash('sha256').update(sending).digest('hex');
  },
  async expect(bytes) {
    const socket = await connected.promise;
    arriving = new ArrivingBytes(Number(bytes));
    socket.on('data', (piece) => arriving.take(piece));
    socket.write('begin');
    return '';
  },
  arrived: async () => `${await arriving.whole}`,
  digest: () => arriving.digest(),
});

async function send(socket: TLSSocket): Promise<void> {
  for (let at = 0; at < sending.length; at += PIECE_BYTES) {
    const goesOn = socket.write(sending.subarray(at, at + PIECE_BYTES));
    if (!goesOn) await once(socket, 'drain');
  }
}
