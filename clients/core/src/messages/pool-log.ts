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
import { RECORD_LOGS_MAX, RECORD_LOGS_PER_DEVICE_MAX } from '../limits.ts';
import type { Platform } from '../ports.ts';
import { rowKeys } from '../store/row-keys.ts';
import type { RowWriter } from '../store/row-writer.ts';
import { type DeviceLog, emptyLog, type HeldRecord, logKeyOf } from './device-log.ts';
import { type HybridTime, laterTime, tickClock } from './hybrid-clock.ts';
import { judgeRecord, type RecordContext } from './judge-record.ts';
import { conflictAt, isHeld } from './own-conflict.ts';

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
  /** What is held where the peer showed something else: its author has to hear of it. */
  readonly contradicted: readonly HeldRecord[];
  /** A peer showed that our store was set back: this log of ours has to be told anew. */
  readonly setBack: DeviceLog | undefined;
}

interface Fresh {
  readonly signed: SignedRecord;
  readonly wire: WireRecord;
  readonly signatureHolds: Promise<boolean>;
}

const ROW_BYTES_MAX = 64 * 1024;
const ownLogShape = map({ v: oneOf(1), incarnation: bytes(16) });

export class PoolLog {
  readonly #host: PoolLogHost;
  readonly #logs = new Map<string, DeviceLog>();
  #incarnation: Bytes = new Uint8Array(16);
  /** Our former log, until it has become again what others hold of it. */
  #yielding: string | undefined;
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

  append<K extends RecordKind>(kind: K, body: RecordBodies[K]): Promise<HeldRecord> {
    return this.#serial(() => this.#write(kind, encodeCbor(body)));
  }

  /** Records of a peer. Those already held cost nothing; the rest is verified side by side. */
  take(wires: readonly WireRecord[]): Promise<Taken> {
    return this.#serial(() => this.#take(wires));
  }

  async #take(wires: readonly WireRecord[]): Promise<Taken> {
    const refused: ErrorCode[] = [];
    const contradicted: HeldRecord[] = [];
    const fresh: Fresh[] = [];
    for (const wire of wires) {
      const signed = decodeRecord(wire.record);
      if (!signed.ok) {
        refused.push(signed.code);
        continue;
      }
      const { header, headerBytes } = signed.value;
      const held = this.#logs.get(logKeyOf(header.device, header.incarnation))?.records[header.seq];
      if (held !== undefined && isHeld(held, headerBytes)) continue;
      if (held !== undefined) contradicted.push(held);
      fresh.push({ signed: signed.value, wire, signatureHolds: this.#verify(signed.value) });
    }
    const setBack = await this.#yield(fresh);
    const stored = await this.#adoptAll(fresh, refused, contradicted);
    for (const record of stored) this.#host.onStored(record);
    const wantsChain = refused.includes('RECORD_CHAIN');
    return { stored, wantsChain, refused, contradicted, setBack };
  }

  /** Adopts and stores what fits; where the store refuses, nothing counts as held. */
  async #adoptAll(
    fresh: readonly Fresh[],
    refused: ErrorCode[],
    contradicted: HeldRecord[],
  ): Promise<readonly HeldRecord[]> {
    const stored: HeldRecord[] = [];
    const lengthBefore = new Map<DeviceLog, number>();
    const writes: Promise<{ readonly cause: unknown } | undefined>[] = [];
    for (const { signed, wire, signatureHolds } of fresh) {
      const holds = await signatureHolds;
      const log = this.#logFor(signed);
      const judged =
        log === undefined
          ? refuse('LIMIT_RATE', 'too many logs')
          : judgeRecord(signed, wire, log, this.#host.context());
      if (log === undefined || !judged.ok) {
        if (!judged.ok) refused.push(judged.code);
        const newest = log?.records.at(-1);
        const { seq, previous } = signed.header;
        const next = newest !== undefined && seq === newest.header.seq + 1;
        if (next && log !== undefined && !equalBytes(previous, log.head)) contradicted.push(newest);
      } else if (!holds) {
        refused.push('RECORD_SIGNATURE');
      } else {
        if (!lengthBefore.has(log)) lengthBefore.set(log, log.records.length);
        const record = this.#adopt(log, signed, wire);
        stored.push(record);
        writes.push(
          this.#store(record).then(
            () => undefined,
            (cause: unknown) => ({ cause }),
          ),
        );
      }
    }
    const failed = (await Promise.all(writes)).find((failure) => failure !== undefined);
    if (failed === undefined) return stored;
    for (const [log, length] of lengthBefore) this.#cut(log, length);
    throw failed.cause;
  }

  /**
   * [CLI-3] A record that this device signed and does not hold: the store was set back. From now on
   * a new incarnation is written. Own records that others cannot take, because they hold others in
   * their places, are written again there; only then do the old ones go.
   */
  async #yield(fresh: readonly Fresh[]): Promise<DeviceLog | undefined> {
    for (const { signed, signatureHolds } of fresh) {
      const { header } = signed;
      if (!equalBytes(header.device, this.#host.self)) continue;
      const key = logKeyOf(header.device, header.incarnation);
      const current = key === this.ownKey;
      if (!current && key !== this.#yielding) continue;
      const log = this.#logs.get(key) ?? emptyLog(header.device, header.incarnation);
      const from = conflictAt(log, signed);
      if (from === undefined || !(await signatureHolds)) continue;
      const continues = header.seq === log.records.length && from === header.seq;
      if (!current && continues) {
        this.#yielding = undefined;
        continue;
      }
      const again = log.records.slice(from);
      if (current) {
        this.#yielding = continues ? undefined : key;
        await this.#begin();
      }
      this.#cut(log, from);
      await this.#writeAgain(again);
      return log;
    }
    return undefined;
  }

  async #writeAgain(records: readonly HeldRecord[]): Promise<void> {
    const { writer, pool } = this.#host;
    for (const record of records) {
      const { kind, device, incarnation, seq } = record.header;
      if (record.wire.body !== undefined) await this.#write(kind, record.wire.body);
      await writer.put(rowKeys.record(pool, device, incarnation, seq), undefined);
      this.#host.onWithdrawn(record);
    }
  }

  #cut(log: DeviceLog, length: number): void {
    log.records.splice(length);
    rewind(log);
    if (length === 0) this.#logs.delete(log.key);
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
    let ofDevice = 0;
    for (const log of this.#logs.values()) if (equalBytes(log.device, header.device)) ofDevice++;
    return this.#logs.size < RECORD_LOGS_MAX && ofDevice < RECORD_LOGS_PER_DEVICE_MAX
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
    // Durable first: what the store refuses is in no log, so nobody is sent it and nothing follows it.
    await this.#store({ header, wire });
    const record = this.#adopt(log, { header, headerBytes, signature }, wire);
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

  #store({ header, wire }: Pick<HeldRecord, 'header' | 'wire'>): Promise<void> {
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
