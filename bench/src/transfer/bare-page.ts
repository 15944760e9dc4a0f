// One end of a bare data channel in a page, without the engine. The function runs in the page, so it
// reaches nothing outside itself.
import type { ChannelUse } from './channel-use.ts';

export interface PageEnd {
  offer(): Promise<string>;
  answer(offer: string): Promise<string>;
  accept(answer: string): Promise<void>;
  reach(candidate: string): Promise<void>;
  opened(): Promise<void>;
  fill(bytes: number): Promise<string>;
  expect(bytes: number): Promise<void>;
  arrived(): Promise<number>;
  digest(): Promise<string>;
}

declare global {
  var pageEnd: PageEnd;
}

export function installPageEnd({ messageBytes, highBytes, lowBytes }: ChannelUse): void {
  const randomBytesMax = 65_536;
  const connection = new RTCPeerConnection();
  const opened = Promise.withResolvers<RTCDataChannel>();
  connection.ondatachannel = ({ channel }) => use(channel);
  let sending = new Uint8Array(0);
  let room = new Uint8Array(0);
  let taken = 0;
  let startedMs = 0;
  let whole = Promise.withResolvers<number>();

  const use = (channel: RTCDataChannel) => {
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = lowBytes;
    channel.onopen = () => opened.resolve(channel);
    channel.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') send(channel);
      else take(new Uint8Array(data));
    };
    if (channel.readyState === 'open') opened.resolve(channel);
  };
  const send = (channel: RTCDataChannel) => {
    let at = 0;
    const more = () => {
      while (at < sending.length && channel.bufferedAmount <= highBytes) {
        channel.send(sending.subarray(at, at + messageBytes));
        at += messageBytes;
      }
    };
    channel.onbufferedamountlow = more;
    more();
  };
  const take = (piece: Uint8Array) => {
    room.set(piece, taken);
    taken += piece.length;
    if (taken === room.length) whole.resolve(performance.now() - startedMs);
  };
  const described = async (description: RTCSessionDescriptionInit) => {
    await connection.setLocalDescription(description);
    while (connection.iceGatheringState !== 'complete') {
      await new Promise((resolve) => {
        connection.addEventListener('icegatheringstatechange', resolve, { once: true });
      });
    }
    return connection.localDescription?.sdp ?? '';
  };
  const sha256 = async (bytes: Uint8Array<ArrayBuffer>) => {
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  };

  globalThis.pageEnd = {
    async offer() {
      use(connection.createDataChannel('bulk'));
      return described(await connection.createOffer());
    },
    async answer(offer) {
      await connection.setRemoteDescription({ type: 'offer', sdp: offer });
      return described(await connection.createAnswer());
    },
    accept: (answer) => connection.setRemoteDescription({ type: 'answer', sdp: answer }),
    reach: (candidate) => connection.addIceCandidate({ candidate, sdpMLineIndex: 0 }),
    opened: async () => void (await opened.promise),
    fill(bytes) {
      sending = new Uint8Array(bytes);
      for (let at = 0; at < bytes; at += randomBytesMax) {
        crypto.getRandomValues(sending.subarray(at, at + randomBytesMax));
      }
      return sha256(sending);
    },
    async expect(bytes) {
      // Touched, so that no page of it is made while the clock runs.
      room = new Uint8Array(bytes).fill(1);
      taken = 0;
      whole = Promise.withResolvers<number>();
      const channel = await opened.promise;
      startedMs = performance.now();
      channel.send('begin');
    },
    arrived: () => whole.promise,
    digest: () => sha256(room),
  };
}
