/* What the two ways of answering over UDP have in common: datagrams one by one, and in batches. */

import type { BindingOutcome } from './binding-responder.ts';
import type { StunLogger } from './logger.ts';
import type { SourceLimit } from './source-limiter.ts';
import type { AnswerCounts } from './translation-watch.ts';

/** A bound socket. */
export interface UdpSocket {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Counts since the start. */
export interface UdpMetrics {
  readonly outcomes: Readonly<Record<BindingOutcome, number>>;
  /** Success answers by what they name. */
  readonly named: AnswerCounts;
  /** Answers not sent because the kernel's queue was full. */
  readonly sendDropped: number;
  /** Errors of the sockets; each kind was logged once. */
  readonly socketErrors: number;
}

/** What every way of answering is given, TCP too. */
export interface AnsweringOptions {
  readonly limit: SourceLimit;
  /** The table of sources: one source has one limit, whatever way it takes. */
  readonly limiterMemory: SharedArrayBuffer;
  /** Says each thing once. */
  readonly logger: StunLogger;
}

export interface UdpServiceOptions extends AnsweringOptions {
  /** Whether the sockets are the four of NAT behaviour discovery, in its order. */
  readonly discovers: boolean;
}

export const SOCKET_ERROR_WARNING = 'a STUN socket reported an error';

export interface UdpService {
  metrics(): UdpMetrics;
  close(): Promise<void>;
}

/** A way to receive and send datagrams. */
export interface UdpWay<S extends UdpSocket> {
  readonly batched: boolean;
  /** Throws an error with the system's code. */
  bind(address: string, port: number, sharePort: boolean): Promise<S>;
  /** The service owns the sockets from then on. */
  serve(sockets: readonly S[], options: UdpServiceOptions): Promise<UdpService>;
}
