// One end of a bare data channel in Node: node-datachannel as it comes, without the engine.
import { createHash, randomFillSync } from 'node:crypto';
import { type DataChannel, PeerConnection } from 'node-datachannel';
import { answerRequests } from '../harness/answer-requests.ts';
import { ArrivingBytes } from './arriving-bytes.ts';
import { CHANNEL_USE } from './channel-use.ts';
import { MID } from './held-candidates.ts';

const connection = new PeerConnection('', { iceServers: [], disableAutoNegotiation: true });
const gathered = new Promise<void>((resolve) => {
  connection.onGatheringStateChange((state) => {
    if (state === 'complete') resolve();
  });
});
const opened = Promise.withResolvers<DataChannel>();
connection.onDataChannel(use);
let sending: Buffer = Buffer.alloc(0);
let arriving = new ArrivingBytes(0);

answerRequests({
  offer() {
    use(connection.createDataChannel('bulk'));
    connection.setLocalDescription('offer');
    return described();
  },
  answer(offer) {
    connection.setRemoteDescription(offer, 'offer');
    connection.setLocalDescription('answer');
    return described();
  },
  accept(answer) {
    connection.setRemoteDescription(answer, 'answer');
    return '';
  },
  reach(candidate) {
    connection.addRemoteCandidate(candidate, MID);
    return '';
  },
  async opened() {
    await opened.promise;
    return '';
  },
  fill(bytes) {
    sending = randomFillSync(Buffer.allocUnsafe(Number(bytes)));
    return createHash('sha256').update(sending).digest('hex');
  },
  async expect(bytes) {
    arriving = new ArrivingBytes(Number(bytes));
    (await opened.promise).sendMessage('begin');
    return '';
  },
  arrived: async () => `${await arriving.whole}`,
  digest: () => arriving.digest(),
});

process.once('SIGTERM', () => {
  connection.close();
  process.exit();
});

async function described(): Promise<string> {
  await gathered;
  return connection.localDescription()?.sdp ?? '';
}

function use(channel: DataChannel): void {
  channel.setBufferedAmountLowThreshold(CHANNEL_USE.lowBytes);
  channel.onOpen(() => opened.resolve(channel));
  channel.onMessage((message) => {
    if (typeof message === 'string') send(channel);
    else arriving.take(new Uint8Array(message));
  });
  if (channel.isOpen()) opened.resolve(channel);
}

function send(channel: DataChannel): void {
  let at = 0;
  const more = () => {
    while (at < sending.length && channel.bufferedAmount() <= CHANNEL_USE.highBytes) {
      channel.sendMessageBinary(sending.subarray(at, at + CHANNEL_USE.messageBytes));
      at += CHANNEL_USE.messageBytes;
    }
  };
  channel.onBufferedAmountLow(more);
  more();
}
