// Streams state machines to followers that need what the log no longer has. At most two at a time in the
// whole process: a snapshot reads and sends all that a group has. One chunk is on its way at a time, and
// sent again until it is answered, so that a broken connection costs no more than one chunk. A transfer that
// broke off is gone on with by the next one of the same base: its follower says which chunk it wants.

import { crc32 } from 'node:zlib';
import type { SnapshotAnswer, SnapshotChunk } from '../format/snapshot-payload.ts';
import { chunksOf } from '../store/snapshot-chunks.ts';
import type { SnapshotRows } from '../store/snapshot-rows.ts';

const OUTGOING_MAX = 2;
/** A chunk that was not answered within this many ticks is sent again. */
const RESEND_TICKS = 10;
/** A follower that has taken no chunk for this long is given up; the core asks again when it is heard. */
const PATIENCE_TICKS = 200;

export interface SnapshotSenderPorts {
  /** Of each but the last; CHUNK_BYTES_MAX if left out. */
  readonly chunkBytes?: number | undefined;
  open(group: number): Promise<SnapshotRows>;
  send(nodeId: string, chunk: SnapshotChunk): void;
  ended(group: number, nodeId: string, isReceived: boolean): void;
  fatal(error: unknown): void;
}

interface Transfer {
  readonly group: number;
  readonly nodeId: string;
  readonly term: number;
  chunk: SnapshotChunk | undefined;
  /** The follower holds all chunks before this one. */
  wanted: number;
  waitedTicks: number;
  /** Answers the chunk on its way: taken, or the transfer is over. */
  answer: (status: 'more' | 'done' | 'refused') => void;
  isOver: boolean;
}

export class SnapshotSender {
  readonly #ports: SnapshotSenderPorts;
  readonly #queued: Transfer[] = [];
  readonly #running = new Set<Transfer>();

  constructor(ports: SnapshotSenderPorts) {
    this.#ports = ports;
  }

  /** Ends with ended(). */
  want(group: number, nodeId: string, term: number): void {
    this.#queued.push({
      group,
      nodeId,
      term,
      chunk: undefined,
      wanted: 0,
      waitedTicks: 0,
      answer: () => {},
      isOver: false,
    });
    this.#startNext();
  }

  answered(nodeId: string, answer: SnapshotAnswer): void {
    for (const transfer of this.#running) {
      const { chunk } = transfer;
      const isFor = transfer.nodeId === nodeId && transfer.group === answer.group;
      if (!isFor || chunk === undefined || transfer.term !== answer.term) continue;
      if (chunk.base.index !== answer.index) continue;
      if (answer.status !== 'more') transfer.answer(answer.status);
      // It has begun anew, or lost what it had taken.
      else if (answer.next < chunk.number) transfer.answer('refused');
      else if (answer.next > chunk.number) {
        transfer.wanted = answer.next;
        transfer.answer('more');
      }
    }
  }

  tick(): void {
    for (const transfer of this.#running) {
      if (transfer.chunk === undefined) continue;
      transfer.waitedTicks += 1;
      if (transfer.waitedTicks >= PATIENCE_TICKS) transfer.answer('refused');
      else if (transfer.waitedTicks % RESEND_TICKS === 0) {
        this.#ports.send(transfer.nodeId, transfer.chunk);
      }
    }
  }

  /** This node leads the group no more, or in another term. */
  abandon(group: number): void {
    const all = [...this.#queued, ...this.#running];
    for (const transfer of all) if (transfer.group === group) this.#abandon(transfer);
  }

  /** What is being streamed ends by itself. */
  stop(): void {
    for (const transfer of [...this.#queued, ...this.#running]) this.#abandon(transfer);
  }

  #abandon(transfer: Transfer): void {
    transfer.isOver = true;
    transfer.answer('refused');
  }

  #startNext(): void {
    while (this.#running.size < OUTGOING_MAX) {
      const transfer = this.#queued.shift();
      if (transfer === undefined) return;
      if (transfer.isOver) continue;
      this.#running.add(transfer);
      void this.#run(transfer);
    }
  }

  async #run(transfer: Transfer): Promise<void> {
    try {
      const isReceived = await this.#stream(transfer);
      if (!transfer.isOver) this.#ports.ended(transfer.group, transfer.nodeId, isReceived);
    } catch (error) {
      this.#ports.fatal(error);
    } finally {
      this.#running.delete(transfer);
      this.#startNext();
    }
  }

  async #stream(transfer: Transfer): Promise<boolean> {
    const { group, term } = transfer;
    const rows = await this.#ports.open(group);
    try {
      const { base, slots } = await rows.head();
      let number = 0;
      let crc = 0;
      for await (const { bytes, isLast } of chunksOf(slots, rows, this.#ports.chunkBytes)) {
        if (transfer.isOver) return false;
        crc = crc32(bytes, crc);
        // The last one says where all ends: if that is not where the follower thinks, it begins anew.
        if (number >= transfer.wanted || isLast) {
          const chunk = { group, term, base, number, isLast, crc, bytes };
          const status = await this.#deliver(transfer, chunk);
          if (status !== 'more') return status === 'done';
        }
        number += 1;
      }
      return false;
    } finally {
      await rows.close();
    }
  }

  #deliver(transfer: Transfer, chunk: SnapshotChunk): Promise<'more' | 'done' | 'refused'> {
    return new Promise((resolve) => {
      transfer.waitedTicks = 0;
      transfer.chunk = chunk;
      transfer.answer = (status) => {
        transfer.chunk = undefined;
        resolve(status);
      };
      this.#ports.send(transfer.nodeId, chunk);
    });
  }
}
