/*
 * The few functions of the C library that the batched way needs, through koffi. Numbers and layouts are those of
 * Linux on x64 and arm64, which are the same there with glibc and with musl.
 */
import { createRequire } from 'node:module';

/** Addresses of memory are plain numbers: user space ends below 2^47. */
export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: number, bytes: number): number;
  bind(fd: number, address: number, bytes: number): number;
  getsockname(fd: number, address: number, bytes: number): number;
  recvmmsg(fd: number, headers: number, count: number, flags: number, timeout: number): number;
  sendmmsg(fd: number, headers: number, count: number, flags: number): number;
  poll(fds: number, count: number, timeoutMs: number): number;
  eventfd(initial: number, flags: number): number;
  write(fd: number, bytes: number, count: number): number;
  close(fd: number): number;
  /** Of the last call of this thread. */
  errno(): number;
  /** Where these bytes lie. They stay there as long as somebody holds them. */
  addressOf(bytes: Uint8Array): number;
}

export const AF_INET = 2;
export const AF_INET6 = 10;
/** SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC */
export const DATAGRAM_SOCKET = 2 | 0x800 | 0x80000;
/** EFD_NONBLOCK | EFD_CLOEXEC */
export const EVENT_FLAGS = 0x800 | 0x80000;
export const SOL_SOCKET = 1;
export const SO_REUSEPORT = 15;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const POLLIN = 1;

export const ERRNO = {
  EINTR: 4,
  EAGAIN: 11,
  EACCES: 13,
  EINVAL: 22,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
} as const;

/** The name of an error number, as Node would give it. */
export function errnoName(errno: number): string {
  const found = Object.entries(ERRNO).find(([, number]) => number === errno);
  return found?.[0] ?? `errno ${errno}`;
}

const ARCHITECTURES = ['x64', 'arm64'];

/** Undefined where batches are not to be had: not Linux, or another processor. */
export function platformHasBatches(): boolean {
  return process.platform === 'linux' && ARCHITECTURES.includes(process.arch);
}

/** Throws when koffi or a function is missing. It is an optional package, so it is not imported by name. */
export function loadLibc(): Libc {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const { func } = bound(koffi.load(null));
  const uints = (count: number) => Array<string>(count).fill('uint');
  return {
    socket: func('socket', 'int', ['int', 'int', 'int']),
    setsockopt: func('setsockopt', 'int', ['int', 'int', 'int', 'uintptr_t', 'uint']),
    bind: func('bind', 'int', ['int', 'uintptr_t', 'uint']),
    getsockname: func('getsockname', 'int', ['int', 'uintptr_t', 'uintptr_t']),
    recvmmsg: func('recvmmsg', 'int', ['int', 'uintptr_t', ...uints(2), 'uintptr_t']),
    sendmmsg: func('sendmmsg', 'int', ['int', 'uintptr_t', ...uints(2)]),
    poll: func('poll', 'int', ['uintptr_t', 'ulong', 'int']),
    eventfd: func('eventfd', 'int', ['uint', 'int']),
    write: func('write', 'long', ['int', 'uintptr_t', 'size_t']),
    close: func('close', 'int', ['int']),
    errno: () => koffi.errno(),
    addressOf: (bytes) => Number(koffi.address(bytes)),
  };
}

function bound(library: import('koffi').LibraryHandle) {
  return {
    func: (name: string, result: string, parameters: string[]) => {
      return library.func(name, result, parameters);
    },
  };
}
