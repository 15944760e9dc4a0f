// A STUN Binding request written by hand from RFC 8489, so that it is no second use of the server's own codec.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const TIMEOUT_MS = 3_000;
/** RFC 8489, 6.2.1. */
const RETRANSMIT_MS = 500;
const MAGIC_COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const FAMILY_IPV4 = 0x01;
const HEADER_BYTES = 20;

/** Asks on IPv4: is the answer for this request, and does it name the port that was asked from? */
export async function stunNamesOurPort(address: string, port: number): Promise<boolean> {
  const request = Buffer.alloc(HEADER_BYTES);
  request.writeUInt16BE(BINDING_REQUEST, 0);
  request.writeUInt32BE(MAGIC_COOKIE, 4);
  randomBytes(12).copy(request, 8);
  const socket = createSocket('udp4');
  const send = () => socket.send(request, port, address);
  const again = setInterval(send, RETRANSMIT_MS);
  try {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    send();
    const [answer]: Buffer[] = await answered;
    if (answer === undefined || answer.readUInt16BE(0) !== BINDING_SUCCESS) return false;
    if (!answer.subarray(8, HEADER_BYTES).equals(request.subarray(8))) return false;
    return mappedPort(answer) === socket.address().port;
  } finally {
    clearInterval(again);
    socket.close();
  }
}

/** RFC 8489, 14.2: the port is XORed with the upper half of the cookie. */
function mappedPort(answer: Buffer): number | undefined {
  let at = HEADER_BYTES;
  while (at + 8 <= answer.length) {
    const type = answer.readUInt16BE(at);
    if (type === XOR_MAPPED_ADDRESS && answer.readUInt8(at + 5) === FAMILY_IPV4) {
      return answer.readUInt16BE(at + 6) ^ (MAGIC_COOKIE >>> 16);
    }
    at += 4 + Math.ceil(answer.readUInt16BE(at + 2) / 4) * 4;
  }
  return undefined;
}
