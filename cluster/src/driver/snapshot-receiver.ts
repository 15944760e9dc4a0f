// A follower's side of one group's snapshots: takes chunk after chunk onto the side of the store that
// nobody reads, and answers each once it is durable. Chunks come from the leader of the present term
// alone; their running checksum shows that none is missing, doubled or damaged.

import { crc32 } from 'node:zlib';
import type { KeyValue } from '@rockpool/storage';
import type { LogBase } from '../core/entry.ts';
import { decodeGroupSlots } from '../format/group-records.ts';
import type { SnapshotAnswer, SnapshotChunk } from '../format/snapshot-payload.ts';
import { SnapshotReader } from '../format/snapshot-payload.ts';
import { HEAD_BYTES, KEY_KIND, type KeyKind } from '../format/store-key.ts';

const HELD_KINDS: ReadonlySet<number> = new Set([KEY_KIND.clusterRow, KEY_KIND.session]);

export interface ReceivedSnapshot {
  readonly base: LogBase;
  readonly slots: Uint8Array;
  /** Rows of a few kinds that are held in memory too, keyed by what follows kind and group. */
  readonly clusterRows: readonly KeyValue[];
  readonly sessionRows: readonly KeyValue[];
}

export interface SnapshotReceiverPorts {
  readonly group: number;
  /** What this node knows of its group now. */
  status(): { readonly term: number; readonly leader: string | undefined; readonly commit: number };
  /** What was received before waits for its turn in the core. */
  isInstalling(): boolean;
  clear(): Promise<void>;
  /** Resolves once they are durable. */
  stage(rows: readonly KeyValue[]): Promise<void>;
  /** All of it is durable on its side. */
  received(from: string, term: number, snapshot: ReceivedSnapshot): void;
  answer(to: string, answer: SnapshotAnswer): void;
  fatal(error: unknown): void;
}

interface Receiving {
  readonly from: string;
  readonly base: LogBase;
  readonly reader: SnapshotReader;
  readonly heldRows: KeyValue[];
  next: number;
  crc: number;
  isDone: boolean;
}

export class SnapshotReceiver {
  readonly #ports: SnapshotReceiverPorts;
  #receiving: Receiving | undefined;
  #working: Promise<void> | undefined;

  constructor(ports: SnapshotReceiverPorts) {
    this.#ports = ports;
  }

  /** One at a time: what comes while a chunk is being written comes again. */
  chunk(from: string, chunk: SnapshotChunk): void {
    this.#working ??= this.#take(from, chunk)
      .catch((error: unknown) => this.#ports.fatal(error))
      .finally(() => {
        this.#working = undefined;
      });
  }

  /** What was taken is not to be gone on with, nor to be called done: the next chunk taken is a first one. */
  forget(): void {
    this.#receiving = undefined;
  }

  async #take(from: string, chunk: SnapshotChunk): Promise<void> {
    const { term, leader, commit } = this.#ports.status();
    if (chunk.term !== term || leader !== from) {
      this.#answer(from, chunk, 0, 'refused');
      return;
    }
    if (chunk.base.index <= commit) {
      this.#answer(from, chunk, 0, 'done');
      return;
    }
    const receiving = await this.#current(from, chunk);
    if (receiving === undefined || chunk.number > receiving.next) {
      this.#answer(from, chunk, 0, 'refused');
    } else if (chunk.number < receiving.next && chunk.isLast && !receiving.isDone) {
      // It was cut into other chunks before.
      this.forget();
      this.#answer(from, chunk, 0, 'refused');
    } else if (chunk.number < receiving.next) {
      this.#answer(from, chunk, receiving.next, receiving.isDone ? 'done' : 'more');
    } else if (await this.#write(receiving, chunk)) {
      receiving.next += 1;
      receiving.isDone = chunk.isLast;
      if (chunk.isLast) this.#complete(receiving, chunk);
      this.#answer(from, chunk, receiving.next, chunk.isLast ? 'done' : 'more');
    } else {
      this.forget();
      this.#answer(from, chunk, 0, 'refused');
    }
  }

  async #current(from: string, chunk: SnapshotChunk): Promise<Receiving | undefined> {
    const known = this.#receiving;
    if (known?.from === from && isSameBase(known.base, chunk.base)) return known;
    if (chunk.number !== 0 || this.#ports.isInstalling()) return undefined;
    await this.#ports.clear();
    const { base } = chunk;
    const reader = new SnapshotReader(this.#ports.group);
    this.#receiving = { from, base, reader, heldRows: [], next: 0, crc: 0, isDone: false };
    return this.#receiving;
  }

  /** False if it is damaged, or no part of a snapshot. */
  async #write(receiving: Receiving, chunk: SnapshotChunk): Promise<boolean> {
    const crc = crc32(chunk.bytes, receiving.crc);
    const rows = crc === chunk.crc ? receiving.reader.push(chunk.bytes) : undefined;
    if (rows === undefined) return false;
    if (chunk.isLast && !isWhole(receiving.reader)) return false;
    receiving.crc = crc;
    receiving.heldRows.push(...rows.filter(([key]) => HELD_KINDS.has(key[0] ?? 0)));
    await this.#ports.stage(rows);
    return true;
  }

  #complete({ from, base, reader, heldRows }: Receiving, { term }: SnapshotChunk): void {
    const { slots } = reader;
    if (slots === undefined) return;
    const clusterRows = ofKind(heldRows, KEY_KIND.clusterRow);
    const sessionRows = ofKind(heldRows, KEY_KIND.session);
    this.#ports.received(from, term, { base, slots, clusterRows, sessionRows });
  }

  #answer(to: string, chunk: SnapshotChunk, next: number, status: SnapshotAnswer['status']): void {
    const { group, term, base } = chunk;
    this.#ports.answer(to, { group, term, index: base.index, next, status });
  }
}

function isSameBase(a: LogBase, b: LogBase): boolean {
  return a.index === b.index && a.term === b.term && a.checksum === b.checksum;
}

function ofKind(rows: readonly KeyValue[], kind: KeyKind): KeyValue[] {
  return rows
    .filter(([key]) => key[0] === kind)
    .map(([key, payload]) => [key.subarray(HEAD_BYTES), payload]);
}

function isWhole({ isComplete, slots }: SnapshotReader): boolean {
  return isComplete && slots !== undefined && decodeGroupSlots(slots) !== undefined;
}
