/*
 * One UDP socket that sends in batches from any loopback address (IP_PKTINFO) and receives in batches, so that
 * the load costs less than the servers that it measures. It shares nothing with the code under test. Layouts and
 * numbers are those of 64-bit Linux: recvmmsg(2), cmsg(3), ip(7).
 */
import koffi from 'koffi';

export const BATCH_MAX = 64;
const HEADER_BYTES = 64;
const NAME_BYTES = 16;
const IOVEC_BYTES = 16;
/** cmsghdr (length, level, type), then in_pktinfo (interface, source, destination), padded to 8. */
const CONTROL_BYTES = 32;
const CONTROL_LENGTH = 28;
const PACKET_BYTES = 128;
const SLOT_BYTES = HEADER_BYTES + NAME_BYTES + IOVEC_BYTES + CONTROL_BYTES + PACKET_BYTES;
const LOOPBACK = 0x7f000001;
const AF_INET = 2;
const SOCK_DGRAM_NONBLOCK = 2 | 0x800;
const IP_PKTINFO = 8;
const POLLIN = 1;
const POLLOUT = 4;
const EAGAIN = 11;
const WRITABLE_WITHIN_MS = 1_000;
const RECEIVE_BUFFER_BYTES = 4 * 2 ** 20;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;

const c = koffi.load(null);
const socket = c.func('socket', 'int', ['int', 'int', 'int']);
const bind = c.func('bind', 'int', ['int', 'uintptr_t', 'uint']);
const getsockname = c.func('getsockname', 'int', ['int', 'uintptr_t', 'uintptr_t']);
const setsockopt = c.func('setsockopt', 'int', ['int', 'int', 'int', 'uintptr_t', 'uint']);
const sendmmsg = c.func('sendmmsg', 'int', ['int', 'uintptr_t', 'uint', 'uint']);
const recvmmsg = c.func('recvmmsg', 'int', ['int', 'uintptr_t', 'uint', 'uint', 'uintptr_t']);
const poll = c.func('poll', 'int', ['uintptr_t', 'ulong', 'int']);

export class LoadSocket {
  /** The port that all sources have. */
  readonly port: number;
  readonly #fd: number;
  readonly #sending = new Block();
  readonly #receiving = new Block();
  readonly #polled: Buffer;

  constructor(serverPort: number) {
    this.#fd = succeeded(socket(AF_INET, SOCK_DGRAM_NONBLOCK, 0), 'socket');
    const room = Buffer.alloc(64);
    room.writeInt32LE(RECEIVE_BUFFER_BYTES, 0);
    setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUF, addressOf(room), 4);
    // Every address, and a port that the system chooses.
    const own = Buffer.alloc(64);
    own.writeUInt16LE(AF_INET, 0);
    succeeded(bind(this.#fd, addressOf(own), NAME_BYTES), 'bind');
    own.writeUInt32LE(NAME_BYTES, 32);
    succeeded(getsockname(this.#fd, addressOf(own), addressOf(own) + 32), 'getsockname');
    this.port = own.readUInt16BE(2);
    this.#polled = Buffer.alloc(64);
    this.#polled.writeInt32LE(this.#fd, 0);
    this.#sending.sendTo(serverPort);
  }

  /** Where the packet at this place is written to; it leaves from that source. */
  packet(index: number, source: number, length: number): Buffer {
    return this.#sending.packetFrom(index, source, length);
  }

  /** Sends the packets at the first places, waiting while the kernel holds as many as it may. */
  send(count: number): void {
    for (let sent = 0; sent < count; ) {
      const left = sendmmsg(this.#fd, this.#sending.header(sent), count - sent, 0);
      if (left < 0 && koffi.errno() === EAGAIN) this.#wait(POLLOUT, WRITABLE_WITHIN_MS);
      else sent += succeeded(left, 'sendmmsg');
    }
  }

  /** Waits for packets and answers how many came. */
  receive(timeoutMs: number): number {
    this.#wait(POLLIN, timeoutMs);
    this.#receiving.makeRoom();
    return Math.max(0, recvmmsg(this.#fd, this.#receiving.header(0), BATCH_MAX, 0, 0));
  }

  received(index: number): Buffer {
    return this.#receiving.received(index);
  }

  #wait(event: number, timeoutMs: number): void {
    this.#polled.writeInt16LE(event, 4);
    poll(addressOf(this.#polled), 1, timeoutMs);
  }
}

/** Headers, names, iovecs, control messages and packets of one batch. */
class Block {
  readonly #bytes = Buffer.alloc(BATCH_MAX * SLOT_BYTES);
  readonly #base = addressOf(this.#bytes);

  header(index: number): number {
    return this.#base + index * HEADER_BYTES;
  }

  sendTo(port: number): void {
    for (let index = 0; index < BATCH_MAX; index += 1) {
      const { name, control } = this.#lay(index);
      this.#bytes.writeUInt16LE(AF_INET, name);
      this.#bytes.writeUInt16BE(port, name + 2);
      this.#bytes.writeUInt32BE(LOOPBACK, name + 4);
      this.#pointer(index * HEADER_BYTES + 32, control);
      this.#bytes.writeUInt32LE(CONTROL_BYTES, index * HEADER_BYTES + 40);
      this.#bytes.writeUInt32LE(CONTROL_LENGTH, control);
      this.#bytes.writeUInt32LE(IP_PKTINFO, control + 12);
    }
  }

  packetFrom(index: number, source: number, length: number): Buffer {
    const { iovec, control, packet } = placesOf(index);
    this.#bytes.writeUInt32BE(source, control + 20);
    this.#bytes.writeUInt32LE(length, iovec + 8);
    return this.#bytes.subarray(packet, packet + length);
  }

  makeRoom(): void {
    if (this.#bytes.readUInt32LE(24) === 0) {
      for (let index = 0; index < BATCH_MAX; index += 1) this.#lay(index);
    }
  }

  received(index: number): Buffer {
    const { packet } = placesOf(index);
    const length = this.#bytes.readUInt32LE(index * HEADER_BYTES + 56);
    return this.#bytes.subarray(packet, packet + length);
  }

  #lay(index: number) {
    const places = placesOf(index);
    const header = index * HEADER_BYTES;
    this.#pointer(header, places.name);
    this.#bytes.writeUInt32LE(NAME_BYTES, header + 8);
    this.#pointer(header + 16, places.iovec);
    this.#bytes.writeUInt32LE(1, header + 24);
    this.#pointer(places.iovec, places.packet);
    this.#bytes.writeUInt32LE(PACKET_BYTES, places.iovec + 8);
    return places;
  }

  #pointer(at: number, target: number): void {
    this.#bytes.writeBigUInt64LE(BigInt(this.#base + target), at);
  }
}

function placesOf(index: number) {
  const name = BATCH_MAX * HEADER_BYTES + index * (SLOT_BYTES - HEADER_BYTES);
  const iovec = name + NAME_BYTES;
  const control = iovec + IOVEC_BYTES;
  return { name, iovec, control, packet: control + CONTROL_BYTES };
}

function addressOf(bytes: Buffer): number {
  return Number(koffi.address(bytes));
}

function succeeded(result: number, call: string): number {
  if (result < 0) throw new Error(`${call} failed with errno ${koffi.errno()}`);
  return result;
}
