// All device logs of one pool: written, verified, stored and restored here. What is held is held
// without gaps, so that one number per log says how far.

import {
  type Bytes,
  bytes,
  decodeCbor,
  decodeRecord,
  type ErrorCode,
  encodeCbor,
  encodeRecordHeader,
  equalBytes,
  type Head,
  joinRecord,
  map,
  oneOf,
  type RecordBodies,
  type RecordKind,
  recordContent,
  recordLink,
  recordSignInput,
  refuse,
  SALT_BYTES,
  type SignedRecord,
  type VectorEntry,
  type WireRecord,
  wireRecordShape,
} from '@rockpool/protocol';
import { RECORD_LOGS_MAX } from '../limits.ts';
import type { Platform } from '../ports.ts';
import { rowKeys } from '../store/row-keys.ts';
import type { RowWriter } from '../store/row-writer.ts';
import { type DeviceLog, emptyLog, type HeldRecord, logKeyOf } from './device-log.ts';
import { type HybridTime, laterTime, tickClock } from './hybrid-clock.ts';
import { judgeRecord, type RecordContext } from './judge-record.ts';

export interface PoolLogHost {
  readonly platform: Platform;
  readonly writer: RowWriter;
  readonly pool: Bytes;
  readonly self: Bytes;
  sign(message: Bytes): Promise<Bytes>;
  poolHead(): Head;
  context(): RecordContext;
  /** Signing point of a member's device, expired ones too: what they made before stays. */
  point(device: Bytes): Bytes | undefined;
  /** Durable and verified, in the order of its log. */
  onStored(record: HeldRecord): void;
  /** Taken out again, because it is written anew in another incarnation. */
  onWithdrawn(record: HeldRecord): void;
}

export interface Taken {
  readonly stored: readonly HeldRecord[];
  /** Something could not be judged before the chains are read anew. */
  readonly wantsChain: boolean;
  readonly refused: readonly ErrorCode[];
}

const ROW_BYTES_MAX = 64 * 1024;
const ownLogShape = map({ v: oneOf(1), incarnation: bytes(16) });

export class PoolLog {
  readonly #host: PoolLogHost;
  readonly #logs = new Map<string, DeviceLog>();
  #incarnation: Bytes = new Uint8Array(16);
  /** Own records from here on were written since the engine started. */
  #sessionFrom = 0;
  #time: HybridTime = { ms: 0, counter: 0 };
  #queue: Promise<unknown> = Promise.resolve();

  constructor(host: PoolLogHost) {
    this.#host = host;
  }

  async load(): Promise<void> {
    const { platform, pool } = this.#host;
    for (const [, row] of await platform.store.list(rowKeys.records(pool))) {
      const wire = decodeCbor(row, wireRecordShape, ROW_BYTES_MAX);
      const signed = wire.ok ? decodeRecord(wire.value.record) : wire;
      if (wire.ok && signed.ok) this.#restore(signed.value, wire.value);
    }
    const row = await platform.store.get(rowKeys.ownLog(pool));
    const own = row === undefined ? undefined : decodeCbor(row, ownLogShape, ROW_BYTES_MAX);
    if (own?.ok) this.#incarnation = own.value.incarnation;
    else await this.#begin();
    this.#sessionFrom = this.#ownLog()?.records.length ?? 0;
  }

  logs(): Iterable<DeviceLog> {
    return this.#logs.values();
  }

  log(key: string): DeviceLog | undefined {
    return this.#logs.get(key);
  }

  /** Of the log that this device writes now. */
  get ownKey(): string {
    return logKeyOf(this.#host.self, this.#incarnation);
  }

  vector(): readonly VectorEntry[] {
    return [...this.#logs.values()].map((log) => entryOf(log));
  }

  /** A peer holds more of our own log than we do: our store was set back. */
  isBehind([device, incarnation, next]: VectorEntry): boolean {
    const mine = equalBytes(device, this.#host.self) && equalBytes(incarnation, this.#incarnation);
    return mine && next > (this.#ownLog()?.records.length ?? 0);
  }

  append<K extends RecordKind>(kind: K, body: RecordBodies[K]): Promise<HeldRecord> {
    return this.#serial(() => this.#write(kind, encodeCbor(body)));
  }

  /**
   * [CLI-3] Begins a new incarnation. What was written since the start, and may collide with what
   * peers hold under the old one, is written again there.
   */
  restartOwnLog(entry: VectorEntry): Promise<void> {
    return this.#serial(async () => {
      if (!this.isBehind(entry)) return;
      const log = this.#ownLog();
      const again = log?.records.splice(this.#sessionFrom) ?? [];
      if (log !== undefined) rewind(log);
      const { writer, pool, self } = this.#host;
      for (const record of again) {
        const { incarnation, seq } = record.header;
        void writer.put(rowKeys.record(pool, self, incarnation, seq), undefined);
        this.#host.onWithdrawn(record);
      }
      await this.#begin();
      this.#sessionFrom = 0;
      for (const { header, wire } of again) {
        if (wire.body !== undefined) await this.#write(header.kind, wire.body);
      }
    });
  }

  /** Records of a peer. Those already held cost nothing; the rest is verified side by side. */
  take(wires: readonly WireRecord[]): Promise<Taken> {
    return this.#serial(() => this.#take(wires));
  }

  async #take(wires: readonly WireRecord[]): Promise<Taken> {
    const refused: ErrorCode[] = [];
    const fresh: { signed: SignedRecord; wire: WireRecord; signatureHolds: Promise<boolean> }[] =
      [];
    for (const wire of wires) {
      const signed = decodeRecord(wire.record);
      if (!signed.ok) {
        refused.push(signed.code);
        continue;
      }
      const { header } = signed.value;
      const held = this.#logs.get(logKeyOf(header.device, header.incarnation));
      if (held !== undefined && header.seq < held.records.length) continue;
      const signatureHolds = this.#verify(signed.value);
      fresh.push({ signed: signed.value, wire, signatureHolds });
    }
    const stored: HeldRecord[] = [];
    const writes: Promise<void>[] = [];
    let wantsChain = false;
    for (const { signed, wire, signatureHolds } of fresh) {
      const log = this.#logFor(signed);
      const judged =
        log === undefined
          ? refuse('LIMIT_RATE', 'too many logs')
          : judgeRecord(signed, wire, log, this.#host.context());
      const holds = await signatureHolds;
      if (log === undefined || !judged.ok) {
        if (!judged.ok) refused.push(judged.code);
        wantsChain ||= !judged.ok && judged.code === 'RECORD_CHAIN';
      } else if (!holds) {
        refused.push('RECORD_SIGNATURE');
      } else {
        const record = this.#adopt(log, signed, wire);
        stored.push(record);
        writes.push(this.#store(record));
      }
    }
    await Promise.all(writes);
    for (const record of stored) this.#host.onStored(record);
    return { stored, wantsChain, refused };
  }

  async #verify({ header, headerBytes, signature }: SignedRecord): Promise<boolean> {
    const point = this.#host.point(header.device);
    if (point === undefined) return false;
    const { crypto } = this.#host.platform;
    return crypto.verifyP256(point, recordSignInput(headerBytes), signature);
  }

  #logFor({ header }: SignedRecord): DeviceLog | undefined {
    const key = logKeyOf(header.device, header.incarnation);
    const held = this.#logs.get(key);
    if (held !== undefined) return held;
    return this.#logs.size < RECORD_LOGS_MAX
      ? emptyLog(header.device, header.incarnation)
      : undefined;
  }

  async #write(kind: RecordKind, body: Bytes): Promise<HeldRecord> {
    const { platform, pool, self } = this.#host;
    const log = this.#ownLog() ?? emptyLog(self, this.#incarnation);
    this.#time = tickClock(this.#time, platform.clock.nowMs());
    const [poolSeq, poolHead] = this.#host.poolHead();
    const salt = platform.random.bytes(SALT_BYTES);
    const header = {
      pool,
      device: self,
      incarnation: this.#incarnation,
      seq: log.records.length,
      previous: log.head,
      ...this.#time,
      poolSeq: Math.max(poolSeq, log.poolSeq),
      poolHead,
      kind,
      content: recordContent(salt, body),
    };
    const headerBytes = encodeRecordHeader(header);
    const signature = await this.#host.sign(recordSignInput(headerBytes));
    const wire = { record: joinRecord(headerBytes, signature), salt, body };
    const record = this.#adopt(log, { header, headerBytes, signature }, wire);
    await this.#store(record);
    this.#host.onStored(record);
    return record;
  }

  #adopt(log: DeviceLog, signed: SignedRecord, wire: WireRecord): HeldRecord {
    const { header, headerBytes } = signed;
    const record = { header, wire, logKey: log.key };
    log.records.push(record);
    log.head = recordLink(headerBytes);
    log.poolSeq = header.poolSeq;
    this.#logs.set(log.key, log);
    this.#time = laterTime(this.#time, header);
    return record;
  }

  #restore(signed: SignedRecord, wire: WireRecord): void {
    const { header } = signed;
    const key = logKeyOf(header.device, header.incarnation);
    const log = this.#logs.get(key) ?? emptyLog(header.device, header.incarnation);
    // A gap can only come from a damaged store: what lies behind it is fetched again.
    if (header.seq !== log.records.length || !equalBytes(header.previous, log.head)) return;
    this.#host.onStored(this.#adopt(log, signed, wire));
  }

  #store({ header, wire }: HeldRecord): Promise<void> {
    const { device, incarnation, seq } = header;
    const key = rowKeys.record(this.#host.pool, device, incarnation, seq);
    return this.#host.writer.put(key, encodeCbor(wire));
  }

  #ownLog(): DeviceLog | undefined {
    return this.#logs.get(this.ownKey);
  }

  async #begin(): Promise<void> {
    this.#incarnation = this.#host.platform.random.bytes(16);
    const row = encodeCbor({ v: 1, incarnation: this.#incarnation });
    await this.#host.writer.put(rowKeys.ownLog(this.#host.pool), row);
  }

  #serial<T>(run: () => Promise<T>): Promise<T> {
    const mine = this.#queue.then(run, run);
    this.#queue = mine.catch(() => {});
    return mine;
  }
}

export function entryOf(log: DeviceLog): VectorEntry {
  return [log.device, log.incarnation, log.records.length];
}

function rewind(log: DeviceLog): void {
  const last = log.records[log.records.length - 1];
  const signed = last && decodeRecord(last.wire.record);
  log.head = signed?.ok
    ? recordLink(signed.value.headerBytes)
    : emptyLog(log.device, log.incarnation).head;
  log.poolSeq = last?.header.poolSeq ?? 0;
}
