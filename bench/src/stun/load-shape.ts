// How much load, and from how many sources: 64 on their way at once, below what the kernel's receive buffer of
// a fresh socket holds, from 512 addresses, so that 100 000 answers per second stay below the rate limit.

/** Requests on their way at once. */
export const LANES = 64;
/** Source addresses that take turns in one lane. */
export const SOURCES_PER_LANE = 8;
/** Until code is compiled and the process has its size. */
export const WARM_UP_MS = 1_500;
