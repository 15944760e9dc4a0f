// How much load, and from where. Every socket is a device of its own, in a group of the size of a pool, and comes
// from a loopback address of its own: so what a node allows one address and one device is never reached.

export const PEOPLE_PER_POOL = 8;
export const DEVICES_PER_PERSON = 4;
export const DEVICES_PER_POOL = PEOPLE_PER_POOL * DEVICES_PER_PERSON;

/** One signal, before it is wrapped: as text in JSON, as bytes in ours. */
export const SIGNAL_BYTES = 1024;
/** Sockets that are being opened at once. */
export const OPENING_MAX = 32;
/** Until code is compiled and the process has its size; in a shorter run as long as what is measured. */
export const WARM_UP_MAX_MS = 1_500;

/**
 * Groups whose sockets are open when memory is read first, and when it is read again. The first number is large,
 * because a Node server that takes its first few hundred sockets grows by megabytes at once, for its code.
 */
export interface Groups {
  readonly few: number;
  readonly many: number;
}

export const DEFAULT_GROUPS: Groups = { few: 20, many: 64 };
