/* A bound UDP socket without Node around it, so that a thread may wait at it. */
import { isIP } from 'node:net';
import type { UdpSocket } from '../udp-service.ts';
import {
  AF_INET,
  AF_INET6,
  DATAGRAM_SOCKET,
  errnoName,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  type Libc,
  SO_REUSEPORT,
  SOL_SOCKET,
} from './libc.ts';
import { readSocketAddress, SOCKET_ADDRESS_BYTES, writeSocketAddress } from './socket-address.ts';

export interface NativeSocket extends UdpSocket {
  readonly fd: number;
}

/** Throws an error with the `code` that Node would give. */
export function bindNative(
  libc: Libc,
  address: string,
  port: number,
  sharePort: boolean,
): NativeSocket {
  const family = isIP(address) === 6 ? AF_INET6 : AF_INET;
  const fd = libc.socket(family, DATAGRAM_SOCKET, 0);
  if (fd < 0) throw failure(libc.errno());
  try {
    const on = Uint8Array.of(1, 0, 0, 0);
    const set = (level: number, name: number) => {
      if (libc.setsockopt(fd, level, name, libc.addressOf(on), on.length) < 0)
        throw failure(libc.errno());
    };
    if (family === AF_INET6) set(IPPROTO_IPV6, IPV6_V6ONLY);
    if (sharePort) set(SOL_SOCKET, SO_REUSEPORT);
    const name = new Uint8Array(SOCKET_ADDRESS_BYTES);
    const nameBytes = writeSocketAddress(name, address, port);
    if (libc.bind(fd, libc.addressOf(name), nameBytes) < 0) throw failure(libc.errno());
    const length = Uint8Array.of(SOCKET_ADDRESS_BYTES, 0, 0, 0);
    if (libc.getsockname(fd, libc.addressOf(name), libc.addressOf(length)) < 0)
      throw failure(libc.errno());
    return { fd, ...readSocketAddress(name), close: async () => void libc.close(fd) };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

function failure(errno: number): Error {
  const code = errnoName(errno);
  return Object.assign(new Error(`a UDP socket cannot be had (${code})`), { code });
}
