// Addresses and ports of one machine.

export const LOOPBACK = '127.0.0.1';
/** 127.1.0.0: sources apart from the servers' own address. */
const FIRST_SOURCE = 0x7f010000;

/** The loopback address of socket number `index`. */
export function sourceAddress(index: number): string {
  const address = FIRST_SOURCE + 1 + index;
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}
