// The load's own half of a Binding exchange (RFC 8489), apart from the codec under test: it says of an answer
// whether it is right.

const HEADER_BYTES = 20;
const MAGIC_COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const FAMILY_IPV4 = 1;
const IPV4_VALUE_BYTES = 8;
const TRANSACTION_AT = 8;

/** A request without attributes; its transaction id is set for each send. */
export function bindingRequest(): Buffer {
  const request = Buffer.alloc(HEADER_BYTES);
  request.writeUInt16BE(BINDING_REQUEST, 0);
  request.writeUInt32BE(MAGIC_COOKIE, 4);
  return request;
}

/** Makes the request a new transaction: the run's random 64 bits, then a number. */
export function setTransaction(request: Buffer, run: Uint8Array, number: number): void {
  request.set(run.subarray(0, 8), TRANSACTION_AT);
  request.writeUInt32BE(number, TRANSACTION_AT + 8);
}

/** The number of the request that this answers; what is no answer has any. */
export function transactionOf(answer: Buffer): number {
  return answer.length < HEADER_BYTES ? 0 : answer.readUInt32BE(TRANSACTION_AT + 8);
}

/** `other` answers no request that is still open: late after it was given up, or not asked for. */
export type Verdict = 'right' | 'wrong' | 'other';

/** Whether this answers the request, and names the IPv4 address and port it was sent from. */
export function judgeAnswer(
  answer: Buffer,
  request: Buffer,
  address: number,
  port: number,
): Verdict {
  if (answer.length < HEADER_BYTES) return 'wrong';
  // Magic cookie and transaction id together.
  if (answer.compare(request, 4, HEADER_BYTES, 4, HEADER_BYTES) !== 0) return 'other';
  if (answer.readUInt16BE(0) !== BINDING_SUCCESS) return 'wrong';
  if (answer.readUInt16BE(2) !== answer.length - HEADER_BYTES) return 'wrong';
  for (let at = HEADER_BYTES; at + 4 <= answer.length; ) {
    const type = answer.readUInt16BE(at);
    const bytes = answer.readUInt16BE(at + 2);
    if (at + 4 + bytes > answer.length) return 'wrong';
    if (type === XOR_MAPPED_ADDRESS) {
      const right = bytes === IPV4_VALUE_BYTES && namesSource(answer, at + 4, address, port);
      return right ? 'right' : 'wrong';
    }
    at += 4 + ((bytes + 3) & ~3);
  }
  return 'wrong';
}

function namesSource(answer: Buffer, at: number, address: number, port: number): boolean {
  return (
    answer[at + 1] === FAMILY_IPV4 &&
    (answer.readUInt16BE(at + 2) ^ (MAGIC_COOKIE >>> 16)) === port &&
    (answer.readUInt32BE(at + 4) ^ MAGIC_COOKIE) >>> 0 === address
  );
}
