// How much load, and from how many sources: 64 on their way at once, below what the kernel's receive buffer of
// a fresh socket holds, from 1,024 addresses, so that 200 000 answers per second stay below the rate limit.

/** Requests on their way at once. */
export const WINDOW = 64;
/** Source addresses that take turns. */
export const SOURCES = 1_024;
/** Until code is compiled and the process has its size. */
export const WARM_UP_MS = 1_500;
/** For the latency, and then for the flood. */
export const LATENCY_MS = 2_000;
export const FLOOD_MS = 1_500;
