// What one connected device is known to hold, and what goes to it next. A vector says how far it
// holds each log; everything after that is sent once, in pages, as the channel takes it.

import type { VectorEntry, WireRecord } from '@rockpool/protocol';
import { RECORDS_PER_FRAME_MAX, VECTOR_ENTRIES_MAX } from '@rockpool/protocol';
import { CONTROL_HIGH_BYTES, RECORD_LOGS_MAX } from '../limits.ts';
import type { Peer } from '../mesh/peer.ts';
import { type DeviceLog, logKeyOf } from '../messages/device-log.ts';

/** Record bytes in one frame; the rest of its 64 KiB is for lengths and names. */
const PAGE_BYTES_MAX = 60 * 1024;
const RECORD_OVERHEAD_BYTES = 128;

export class PeerSync {
  readonly peer: Peer;
  /** The first vector has come; before it nothing may be sent. */
  ready = false;
  readonly #logAt: (key: string) => DeviceLog | undefined;
  readonly #known = new Map<string, number>();
  readonly #sent = new Map<string, number>();
  readonly #wanted = new Set<string>();

  constructor(peer: Peer, logAt: (key: string) => DeviceLog | undefined) {
    this.peer = peer;
    this.#logAt = logAt;
  }

  known(key: string): number {
    return this.#known.get(key) ?? 0;
  }

  /** Entries the other side told. Saying the same again asks for what follows once more. */
  heard(entries: readonly VectorEntry[]): readonly string[] {
    this.ready = true;
    const askedAnew: string[] = [];
    for (const [device, incarnation, next] of entries) {
      const key = logKeyOf(device, incarnation);
      const before = this.#known.get(key);
      if (before === undefined && this.#known.size >= RECORD_LOGS_MAX) continue;
      if (before !== undefined && next <= before) {
        this.#sent.set(key, next);
        askedAnew.push(key);
      }
      this.#known.set(key, next);
    }
    return askedAnew;
  }

  /** The other side sent these itself, so it holds them. */
  holds(key: string, next: number): void {
    if (next > this.known(key)) this.#known.set(key, next);
  }

  /** Sends what the other side lacks of these logs, now or as the channel drains. */
  push(keys: Iterable<string>): void {
    if (!this.ready) return;
    for (const key of keys) this.#wanted.add(key);
    this.pump();
  }

  pump(): void {
    for (const key of this.#wanted) {
      const log = this.#logAt(key);
      while (log !== undefined) {
        const from = Math.max(this.known(key), this.#sent.get(key) ?? 0);
        if (from >= log.records.length) break;
        if (this.peer.controlBufferedBytes > CONTROL_HIGH_BYTES) return;
        const records = pageOf(log, from);
        if (!this.peer.send({ type: 'records', records })) return;
        this.#sent.set(key, from + records.length);
        if (!this.#known.has(key)) this.#known.set(key, 0);
      }
      this.#wanted.delete(key);
    }
  }

  sendVector(entries: readonly VectorEntry[]): void {
    for (let at = 0; at === 0 || at < entries.length; at += VECTOR_ENTRIES_MAX) {
      this.peer.send({ type: 'vector', entries: entries.slice(at, at + VECTOR_ENTRIES_MAX) });
    }
  }
}

function pageOf(log: DeviceLog, from: number): readonly WireRecord[] {
  const page: WireRecord[] = [];
  let pageBytes = 0;
  for (let at = from; at < log.records.length && page.length < RECORDS_PER_FRAME_MAX; at++) {
    const wire = log.records[at]?.wire;
    if (wire === undefined) break;
    pageBytes += wire.record.length + (wire.body?.length ?? 0) + RECORD_OVERHEAD_BYTES;
    if (page.length > 0 && pageBytes > PAGE_BYTES_MAX) break;
    page.push(wire);
  }
  return page;
}
