// The verifier works in two steps. The first, here, is pure and synchronous: (state, envelope, log
// time) gives a refusal, or the next state and the signatures that must hold for it to count. The
// second step, discharging them, is the shell's: WebCrypto in browsers, node:crypto elsewhere.

import type { Bytes } from '../encoding/bytes.ts';

/**
 * One signature that a shell must verify. All of an envelope's checks must hold. A point that the
 * platform cannot import, like any other failure, means "does not hold", never an exception.
 */
export type SignatureCheck =
  | {
      /** ECDSA over P-256 with SHA-256: uncompressed point (65 bytes), signature r||s (64 bytes). */
      readonly kind: 'p256';
      readonly point: Bytes;
      readonly message: Bytes;
      readonly signature: Bytes;
    }
  | {
      /**
       * A passkey's signature: `key` holds COSE_Key bytes that parseCoseKey takes. ES256 signatures
       * are already r||s (64 bytes), EdDSA 64 bytes, RS256 as long as the modulus.
       */
      readonly kind: 'cose';
      readonly key: Bytes;
      readonly message: Bytes;
      readonly signature: Bytes;
    };

/** A link that may be appended, if all its checks hold. */
export interface Judged<State, Statement> {
  readonly state: State;
  readonly statement: Statement;
  readonly seq: number;
  /** Link hash: the statement's id. */
  readonly hash: Bytes;
  readonly checks: readonly SignatureCheck[];
}
