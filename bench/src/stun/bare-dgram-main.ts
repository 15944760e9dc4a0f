// The bound for the portable way: the least that Node's own sockets do for an answer that is right. No limit, no counters, no
// walk through attributes, IPv4 alone; it trusts what it is sent, and so is no server for anybody.
import { createSocket } from 'node:dgram';

/** So many answers may wait for the kernel before the oldest is written over. */
const ANSWERS = 1_024;
const HEADER_BYTES = 20;
const COOKIE_AT = 4;
const PORT_AT = 26;
const ADDRESS_AT = 28;
const MAGIC_COOKIE = 0x2112a442;
const DOT = '.'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
/** A success response (RFC 8489) with XOR-MAPPED-ADDRESS of IPv4; cookie, transaction id, port and address are left out. */
const TEMPLATE = Buffer.from(`0101000c${'00'.repeat(16)}0020000800010000${'00'.repeat(4)}`, 'hex');

const answers = Array.from({ length: ANSWERS }, () => Buffer.from(TEMPLATE));
let turn = 0;
// Node looks up even a numeric address otherwise.
const socket = createSocket({
  type: 'udp4',
  lookup: (host, _options, done) => done(null, host, 4),
});
socket.on('message', (request, { address, port }) => {
  turn = (turn + 1) % ANSWERS;
  const answer = answers[turn];
  if (answer === undefined || request.length < HEADER_BYTES) return;
  request.copy(answer, COOKIE_AT, COOKIE_AT, HEADER_BYTES);
  answer.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), PORT_AT);
  answer.writeInt32BE(numberOf(address) ^ MAGIC_COOKIE, ADDRESS_AT);
  socket.send(answer, port, address);
});
socket.bind(Number(process.argv[2]), '127.0.0.1');

function numberOf(address: string): number {
  let number = 0;
  let octet = 0;
  for (let at = 0; at < address.length; at += 1) {
    const code = address.charCodeAt(at);
    octet = code === DOT ? 0 : octet * 10 + code - ZERO;
    if (code === DOT) number <<= 8;
    else number = (number & ~0xff) | octet;
  }
  return number;
}
