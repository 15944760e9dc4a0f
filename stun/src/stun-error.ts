/* The expected failures of starting a STUN server: one table, one error class. */

const entry = (message: string, remedy: string) => ({ message, remedy });

export const STUN_ERRORS = {
  STUN_PORT_IN_USE: entry(
    'The port for STUN is taken by another program.',
    'Stop that program, or set ROCKPOOL_STUN_PORT (rockpool stun --port).',
  ),
  STUN_PORT_FORBIDDEN: entry(
    'This user may not listen on the port for STUN.',
    'Choose a port above 1023 with ROCKPOOL_STUN_PORT.',
  ),
  STUN_SHARING_UNSUPPORTED: entry(
    'This system cannot share a port between processes.',
    'Set ROCKPOOL_STUN_SHARE_PORT to no, and give each node its own ROCKPOOL_STUN_PORT.',
  ),
  STUN_DISCOVERY_ADDRESSES: entry(
    'A second STUN port needs exactly two addresses of one family.',
    'Name both in ROCKPOOL_STUN_ADDRESS, or leave ROCKPOOL_STUN_ALTERNATE_PORT empty.',
  ),
  STUN_ADDRESS_UNAVAILABLE: entry(
    'An address for STUN is not an address of this machine.',
    'Correct ROCKPOOL_STUN_ADDRESS, or leave it empty for all addresses.',
  ),
} as const;

export type StunErrorCode = keyof typeof STUN_ERRORS;

/** Thrown by startStunServer; `code` says which expected failure it was. */
export class StunError extends Error {
  readonly code: StunErrorCode;

  constructor(code: StunErrorCode, detail: string, options?: ErrorOptions) {
    const { message, remedy } = STUN_ERRORS[code];
    super(`${message} (${detail}) ${remedy} (${code})`, options);
    this.name = 'StunError';
    this.code = code;
  }
}
