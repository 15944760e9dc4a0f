/*
 * Tried once before batches are relied on: datagrams of different lengths go over loopback from one socket to
 * another and back, in one call each, and have to arrive as they were sent, under the address they came from.
 * A kernel, C library or sandbox that does otherwise is found here and not by clients.
 */
import { sourceAddress } from '../source-address.ts';
import type { Libc } from './libc.ts';
import { MessageBatch } from './message-batch.ts';
import { bindNative, type NativeSocket } from './native-socket.ts';
import { readSocketAddress, writeSocketAddress } from './socket-address.ts';

const LENGTHS = [20, 28, 44, 1];

/** Why batches cannot be used, or undefined. */
export function findBatchFault(libc: Libc): string | undefined {
  return faultOver(libc, '127.0.0.1') ?? faultOver(libc, '::1');
}

function faultOver(libc: Libc, loopback: string): string | undefined {
  const opened: NativeSocket[] = [];
  try {
    for (let count = 0; count < 2; count += 1) opened.push(bindNative(libc, loopback, 0, false));
    const [here, there] = opened;
    if (here === undefined || there === undefined) return undefined;
    return exchange(libc, here, there) ?? exchange(libc, there, here);
  } catch (error) {
    // No IPv6 here: then there is nothing to try.
    const absent = loopback === '::1' && error instanceof Error;
    return absent ? undefined : `no socket on ${loopback}`;
  } finally {
    for (const socket of opened) void socket.close();
  }
}

function exchange(libc: Libc, from: NativeSocket, to: NativeSocket): string | undefined {
  const outgoing = new MessageBatch(libc);
  for (const [index, length] of LENGTHS.entries()) {
    const bytes = writeSocketAddress(outgoing.name(index), to.address, to.port);
    outgoing.answer(index).fill(length + index, 0, length);
    outgoing.address(index, index, length, bytes === 16);
  }
  const sent = outgoing.send(from.fd, 0, LENGTHS.length);
  if (sent !== LENGTHS.length) return `sendmmsg sent ${sent} of ${LENGTHS.length}`;
  const incoming = new MessageBatch(libc);
  const received = incoming.receive(to.fd);
  if (received !== LENGTHS.length) return `recvmmsg received ${received} of ${LENGTHS.length}`;
  const source = sourceAddress();
  for (const [index, length] of LENGTHS.entries()) {
    const bytes = incoming.request(index, source);
    const whole = bytes.length === length && bytes.every((byte) => byte === length + index);
    const { address, port } = readSocketAddress(incoming.name(index));
    const addressed = address === from.address && port === from.port && source.port === port;
    if (!whole || !addressed) return `datagram ${index + 1} arrived changed`;
  }
  return undefined;
}
