/*
 * From a datagram to its answer: codec, source limit, counters and the ring of answer buffers. It knows no
 * socket and no clock, so that every way of receiving datagrams shares it.
 */
import {
  ANSWER_BYTES_MAX,
  encodeBindingSuccess,
  encodeUnknownAttributes,
  type SourceAddress,
} from './codec/binding-answer.ts';
import {
  type BindingRequest,
  createBindingRequest,
  decodeBindingRequest,
  type RequestRefusal,
} from './codec/binding-request.ts';
import { parseIpAddress } from './codec/ip-address.ts';
import type { NatDiscovery } from './nat-discovery.ts';
import type { SourceLimiter } from './source-limiter.ts';
import { TranslationWatch } from './translation-watch.ts';

/** What became of the datagrams that were received, one count for each outcome. */
export type BindingOutcome =
  | 'success'
  | 'unknown-attributes'
  | 'limited'
  | 'bad-source'
  | RequestRefusal;

/** Answer buffers in use at once: a queued send keeps its buffer until the kernel took it. */
export const ANSWERS_QUEUED_MAX = 1024;

export class BindingResponder {
  readonly outcomes: Record<BindingOutcome, number> = {
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
  /** The number of the socket that is to send the last answer. */
  answerFrom = 0;
  /** The buffer of the last answer; `respond` returned how much of it counts. */
  answer: Uint8Array;
  readonly #limiter: SourceLimiter;
  readonly #watch: TranslationWatch;
  readonly #ring: Uint8Array[];
  readonly #discovery: NatDiscovery | undefined;
  readonly #found: BindingRequest;
  readonly #source: SourceAddress = {
    addressBytes: 4,
    address: new Uint8Array(16),
    port: 0,
  };
  #ringAt = 0;

  constructor(
    limiter: SourceLimiter,
    watch = new TranslationWatch(undefined, undefined),
    discovery?: NatDiscovery,
  ) {
    this.#limiter = limiter;
    this.#watch = watch;
    this.#discovery = discovery;
    this.#found = createBindingRequest(discovery !== undefined);
    this.answer = new Uint8Array(ANSWER_BYTES_MAX);
    this.#ring = Array.from({ length: ANSWERS_QUEUED_MAX }, () => new Uint8Array(ANSWER_BYTES_MAX));
  }

  /** The length of the answer in `this.answer`, or 0 when the datagram gets none. */
  respond(
    datagram: Uint8Array,
    address: string,
    port: number,
    nowMs: number,
    receivedBy = 0,
  ): number {
    const verdict = decodeBindingRequest(datagram, this.#found);
    if (verdict !== 'request') return this.#refuse(verdict);
    const addressBytes = parseIpAddress(address, this.#source.address);
    // Nobody can be answered at port 0; such a datagram was made by hand.
    if (addressBytes === 0 || port === 0) return this.#refuse('bad-source');
    if (!this.#limiter.take(this.#source.address, addressBytes, nowMs)) {
      return this.#refuse('limited');
    }
    this.#source.addressBytes = addressBytes;
    this.#source.port = port;
    this.#ringAt = (this.#ringAt + 1) % ANSWERS_QUEUED_MAX;
    this.answer = this.#ring[this.#ringAt] ?? this.answer;
    this.answerFrom = receivedBy;
    if (this.#found.unknownCount > 0) {
      this.outcomes['unknown-attributes'] += 1;
      return encodeUnknownAttributes(this.answer, datagram, this.#found);
    }
    this.outcomes.success += 1;
    this.#watch.note(this.#source.address, addressBytes);
    const discovery = this.#discovery;
    if (discovery === undefined) {
      return encodeBindingSuccess(this.answer, datagram, this.#found, this.#source);
    }
    this.answerFrom = discovery.answeringSocket(receivedBy, this.#found);
    const extra = discovery.attributes(receivedBy, this.answerFrom);
    return encodeBindingSuccess(this.answer, datagram, this.#found, this.#source, extra);
  }

  #refuse(outcome: BindingOutcome): 0 {
    this.outcomes[outcome] += 1;
    return 0;
  }
}
