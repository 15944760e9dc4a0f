/* The expected failures of starting a STUN server: one table, one error class. */

export const STUN_ERRORS = {
  STUN_PORT_IN_USE: 'the UDP port for STUN is taken by another program',
  STUN_PORT_FORBIDDEN: 'this user may not listen on the UDP port for STUN',
  STUN_ADDRESS_UNAVAILABLE: 'an address for STUN is not an address of this machine',
} as const;

export type StunErrorCode = keyof typeof STUN_ERRORS;

/** Thrown by startStunServer; `code` says which expected failure it was. */
export class StunError extends Error {
  readonly code: StunErrorCode;

  constructor(code: StunErrorCode, detail: string, options?: ErrorOptions) {
    super(`${STUN_ERRORS[code]} (${detail})`, options);
    this.name = 'StunError';
    this.code = code;
  }
}
