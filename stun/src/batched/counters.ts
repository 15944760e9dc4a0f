/* The counts of the thread that answers, in memory that the main thread reads. */
import { BINDING_OUTCOMES, type BindingOutcome } from '../binding-responder.ts';
import { type AnswerCounts, NAMED_KINDS } from '../translation-watch.ts';
import type { UdpMetrics } from '../udp-service.ts';

const KEYS = [...BINDING_OUTCOMES, ...NAMED_KINDS, 'sendDropped', 'socketErrors'] as const;

export function counterMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(KEYS.length * Float64Array.BYTES_PER_ELEMENT);
}

/** Puts the counts where the other thread sees them. It may see some of a batch before others. */
export function publishCounts(into: Float64Array, counts: UdpMetrics): void {
  let at = 0;
  for (const outcome of BINDING_OUTCOMES) into[at++] = counts.outcomes[outcome];
  for (const kind of NAMED_KINDS) into[at++] = counts.named[kind];
  into[at++] = counts.sendDropped;
  into[at] = counts.socketErrors;
}

export function readCounts(from: Float64Array): UdpMetrics {
  const count = (key: (typeof KEYS)[number]) => from[KEYS.indexOf(key)] ?? 0;
  const of = <K extends (typeof KEYS)[number]>(keys: readonly K[]) =>
    Object.fromEntries(keys.map((key) => [key, count(key)])) as Record<K, number>;
  return {
    outcomes: of<BindingOutcome>(BINDING_OUTCOMES),
    named: of<keyof AnswerCounts>(NAMED_KINDS),
    sendDropped: count('sendDropped'),
    socketErrors: count('socketErrors'),
  };
}
