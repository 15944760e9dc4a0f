/*
 * The memory of one batch: mmsghdr, iovec, sockaddr and bytes of what is received and of what is sent, laid
 * out by hand in one block, so that receiving and answering allocate nothing. Offsets are those of 64-bit Linux.
 */
import { ANSWER_BYTES_MAX, type SourceAddress } from '../codec/binding-answer.ts';
import { MESSAGE_BYTES_MAX } from '../codec/message.ts';
import type { Libc } from './libc.ts';
import { IPV4_AT, IPV6_AT, readSource, SOCKET_ADDRESS_BYTES } from './socket-address.ts';

/** Datagrams that one call receives or sends. */
export const BATCH_MAX = 64;

/** struct mmsghdr: a msghdr (name, its length, iovec, their count, control, its length, flags), then the length. */
const HEADER_BYTES = 64;
const NAME_AT = 0;
const NAME_LENGTH_AT = 8;
const IOVEC_AT = 16;
const IOVEC_COUNT_AT = 24;
const MESSAGE_LENGTH_AT = 56;
/** struct iovec: where, and how much. */
const IOVEC_BYTES = 16;
const IOVEC_LENGTH_AT = 8;
const NAME_BYTES = 32;
/** One byte more than is looked at shows that a datagram is too long. */
const REQUEST_BYTES = roundUp(MESSAGE_BYTES_MAX + 1);
const ANSWER_BYTES = roundUp(ANSWER_BYTES_MAX);

const RECEIVED_HEADERS_AT = 0;
const SENT_HEADERS_AT = RECEIVED_HEADERS_AT + BATCH_MAX * HEADER_BYTES;
const RECEIVED_IOVECS_AT = SENT_HEADERS_AT + BATCH_MAX * HEADER_BYTES;
const SENT_IOVECS_AT = RECEIVED_IOVECS_AT + BATCH_MAX * IOVEC_BYTES;
const NAMES_AT = SENT_IOVECS_AT + BATCH_MAX * IOVEC_BYTES;
const REQUESTS_AT = NAMES_AT + BATCH_MAX * NAME_BYTES;
const ANSWERS_AT = REQUESTS_AT + BATCH_MAX * REQUEST_BYTES;
const BLOCK_BYTES = ANSWERS_AT + BATCH_MAX * ANSWER_BYTES;

interface Slot {
  readonly name: Uint8Array;
  readonly ipv4: Uint8Array;
  readonly ipv6: Uint8Array;
  readonly room: Uint8Array;
  /** The last view into `room`; most requests have the length of the one before. */
  request: Uint8Array;
  readonly answer: Uint8Array;
}

export class MessageBatch {
  readonly #libc: Libc;
  readonly #bytes = new Uint8Array(BLOCK_BYTES);
  readonly #words = new Uint32Array(this.#bytes.buffer);
  readonly #base: number;
  readonly #slots: readonly Slot[];

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#base = libc.addressOf(this.#bytes);
    this.#slots = Array.from({ length: BATCH_MAX }, (_, index) => this.#layOut(index));
  }

  /** Receives what waits at this socket, up to a batch; -1 with errno EAGAIN when nothing does. */
  receive(fd: number): number {
    return this.#libc.recvmmsg(fd, this.#base + RECEIVED_HEADERS_AT, BATCH_MAX, 0, 0);
  }

  /** The datagram at this place, until the next `receive`; its source is written to `source`. */
  request(index: number, source: SourceAddress): Uint8Array {
    const slot = this.#slot(index);
    const header = RECEIVED_HEADERS_AT + index * HEADER_BYTES;
    const length = this.#words[(header + MESSAGE_LENGTH_AT) >>> 2] ?? 0;
    // The kernel wrote how long the source's address is; the next one may be longer.
    this.#words[(header + NAME_LENGTH_AT) >>> 2] = SOCKET_ADDRESS_BYTES;
    readSource(slot.name, slot, source);
    if (slot.request.length !== length) slot.request = slot.room.subarray(0, length);
    return slot.request;
  }

  /** Where the answer at this place is written to. */
  answer(index: number): Uint8Array {
    return this.#slot(index).answer;
  }

  /** Makes the answer at this place one of so many bytes, for whoever sent the request at that one. */
  address(index: number, request: number, length: number, ipv4: boolean): void {
    const header = (SENT_HEADERS_AT + index * HEADER_BYTES) >>> 2;
    this.#writePointer(header + (NAME_AT >>> 2), NAMES_AT + request * NAME_BYTES);
    this.#words[header + (NAME_LENGTH_AT >>> 2)] = ipv4 ? 16 : SOCKET_ADDRESS_BYTES;
    this.#words[(SENT_IOVECS_AT + index * IOVEC_BYTES + IOVEC_LENGTH_AT) >>> 2] = length;
  }

  /** Sends answers from one place on; returns how many left, or -1 with errno. */
  send(fd: number, from: number, count: number): number {
    const headers = this.#base + SENT_HEADERS_AT + from * HEADER_BYTES;
    return this.#libc.sendmmsg(fd, headers, count, 0);
  }

  /** The address that the request at this place came from, and that its answer goes to. */
  name(index: number): Uint8Array {
    return this.#slot(index).name;
  }

  #layOut(index: number): Slot {
    const name = NAMES_AT + index * NAME_BYTES;
    const request = REQUESTS_AT + index * REQUEST_BYTES;
    const answer = ANSWERS_AT + index * ANSWER_BYTES;
    const received = RECEIVED_IOVECS_AT + index * IOVEC_BYTES;
    const sent = SENT_IOVECS_AT + index * IOVEC_BYTES;
    this.#layOutHeader(RECEIVED_HEADERS_AT + index * HEADER_BYTES, name, received);
    this.#layOutHeader(SENT_HEADERS_AT + index * HEADER_BYTES, name, sent);
    this.#layOutIovec(received, request, REQUEST_BYTES);
    this.#layOutIovec(sent, answer, 0);
    const view = (at: number, length: number) => this.#bytes.subarray(at, at + length);
    return {
      name: view(name, SOCKET_ADDRESS_BYTES),
      ipv4: view(name + IPV4_AT, 4),
      ipv6: view(name + IPV6_AT, 16),
      room: view(request, REQUEST_BYTES),
      request: view(request, 0),
      answer: view(answer, ANSWER_BYTES_MAX),
    };
  }

  #layOutHeader(at: number, name: number, iovec: number): void {
    this.#writePointer((at + NAME_AT) >>> 2, name);
    this.#words[(at + NAME_LENGTH_AT) >>> 2] = SOCKET_ADDRESS_BYTES;
    this.#writePointer((at + IOVEC_AT) >>> 2, iovec);
    this.#words[(at + IOVEC_COUNT_AT) >>> 2] = 1;
  }

  #layOutIovec(at: number, target: number, length: number): void {
    this.#writePointer(at >>> 2, target);
    this.#words[(at + IOVEC_LENGTH_AT) >>> 2] = length;
  }

  /** A pointer into this block: two little-endian words. */
  #writePointer(word: number, target: number): void {
    const address = this.#base + target;
    this.#words[word] = address;
    this.#words[word + 1] = address / 2 ** 32;
  }

  #slot(index: number): Slot {
    const slot = this.#slots[index];
    if (slot === undefined) throw new RangeError(`a batch has no place ${index}`);
    return slot;
  }
}

function roundUp(bytes: number): number {
  return (bytes + 63) & ~63;
}
