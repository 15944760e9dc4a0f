/*
 * From a datagram to its answer: codec, source limit and counters. It knows no socket and no clock, so that
 * every way of receiving datagrams shares it.
 */
import {
  encodeBindingSuccess,
  encodeUnknownAttributes,
  type SourceAddress,
} from './codec/binding-answer.ts';
import {
  type BindingRequest,
  createBindingRequest,
  decodeBindingRequest,
} from './codec/binding-request.ts';
import type { NatDiscovery } from './nat-discovery.ts';
import type { SourceLimiter } from './source-limiter.ts';
import type { TranslationWatch } from './translation-watch.ts';

/** What becomes of a datagram. */
export const BINDING_OUTCOMES = [
  'success',
  'unknown-attributes',
  'limited',
  'bad-source',
  'not-stun',
  'too-long',
  'malformed',
  'too-many-attributes',
  'not-a-binding-request',
  'bad-fingerprint',
] as const;

export type BindingOutcome = (typeof BINDING_OUTCOMES)[number];

export class BindingResponder {
  /** How many datagrams had each outcome. */
  readonly outcomes = noneYet();
  /** The number of the socket that is to send the last answer. */
  answerFrom = 0;
  readonly #limiter: SourceLimiter;
  readonly #watch: TranslationWatch;
  readonly #discovery: NatDiscovery | undefined;
  readonly #found: BindingRequest;

  constructor(limiter: SourceLimiter, watch: TranslationWatch, discovery?: NatDiscovery) {
    this.#limiter = limiter;
    this.#watch = watch;
    this.#discovery = discovery;
    this.#found = createBindingRequest(discovery !== undefined);
  }

  /** Writes the answer and returns its length, or 0 when the datagram gets none. */
  respond(
    datagram: Uint8Array,
    source: SourceAddress,
    nowMs: number,
    answer: Uint8Array,
    receivedBy = 0,
  ): number {
    const verdict = decodeBindingRequest(datagram, this.#found);
    if (verdict !== 'request') return this.#refuse(verdict);
    const { address, addressBytes } = source;
    // Nobody can be answered at port 0; such a datagram was made by hand.
    if (source.port === 0) return this.#refuse('bad-source');
    if (!this.#limiter.take(address, addressBytes, nowMs)) return this.#refuse('limited');
    this.answerFrom = receivedBy;
    if (this.#found.unknownCount > 0) {
      this.outcomes['unknown-attributes'] += 1;
      return encodeUnknownAttributes(answer, datagram, this.#found);
    }
    this.outcomes.success += 1;
    this.#watch.note(address, addressBytes);
    const discovery = this.#discovery;
    if (discovery === undefined) {
      return encodeBindingSuccess(answer, datagram, this.#found, source);
    }
    this.answerFrom = discovery.answeringSocket(receivedBy, this.#found);
    const extra = discovery.attributes(receivedBy, this.answerFrom);
    return encodeBindingSuccess(answer, datagram, this.#found, source, extra);
  }

  #refuse(outcome: BindingOutcome): 0 {
    this.outcomes[outcome] += 1;
    return 0;
  }
}

function noneYet(): Record<BindingOutcome, number> {
  return {
    success: 0,
    'unknown-attributes': 0,
    limited: 0,
    'bad-source': 0,
    'not-stun': 0,
    'too-long': 0,
    malformed: 0,
    'too-many-attributes': 0,
    'not-a-binding-request': 0,
    'bad-fingerprint': 0,
  };
}
