// Serves blocks to one device: in the order asked, read ahead of the channel, and never more on the
// channel than its high mark.

import {
  BLOCK_BYTES,
  BLOCK_FRAME_BYTES_MAX,
  BLOCK_FRAME_PAYLOAD_BYTES,
  type Bytes,
  blockLength,
  encodeBlockFrame,
} from '@rockpool/protocol';
import { BULK_HIGH_BYTES, READ_AHEAD_BLOCKS, REQUESTS_SERVED_MAX } from '../limits.ts';
import type { Peer } from '../mesh/peer.ts';
import type { Platform } from '../ports.ts';
import type { SharedFile } from './shared-file.ts';

interface Job {
  readonly transfer: number;
  readonly file: SharedFile;
  readonly block: number;
  data: Promise<Bytes | undefined> | undefined;
}

export class Upload {
  readonly #platform: Platform;
  readonly #peer: Peer;
  readonly #onSent: (file: SharedFile, bytes: number) => void;
  /** Used for one frame after the other, since a channel copies what it sends. */
  readonly #frame = new Uint8Array(BLOCK_FRAME_BYTES_MAX);
  #jobs: Job[] = [];
  #running = false;

  constructor(platform: Platform, peer: Peer, onSent: (file: SharedFile, bytes: number) => void) {
    this.#platform = platform;
    this.#peer = peer;
    this.#onSent = onSent;
  }

  /** `file` is undefined where this device may or can not serve it. */
  request(transfer: number, file: SharedFile | undefined, block: number): void {
    if (file === undefined || !file.held.has(block) || this.#jobs.length >= REQUESTS_SERVED_MAX) {
      this.#peer.send({ type: 'proof', transfer });
      return;
    }
    this.#jobs.push({ transfer, file, block, data: undefined });
    this.pump();
  }

  cancel(transfer: number): void {
    this.#jobs = this.#jobs.filter((job) => job.transfer !== transfer);
  }

  pump(): void {
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#peer.bulkOpen && this.#peer.bulkBufferedBytes <= BULK_HIGH_BYTES) {
      for (const ahead of this.#jobs.slice(0, READ_AHEAD_BLOCKS)) ahead.data ??= this.#read(ahead);
      const job = this.#jobs.shift();
      if (job === undefined) break;
      await this.#serve(job);
    }
    this.#running = false;
  }

  async #serve(job: Job): Promise<void> {
    const { transfer, file, block } = job;
    const [data, tree] = await Promise.all([
      job.data ?? this.#read(job),
      file.provingTree(this.#platform.store).catch(() => undefined),
    ]);
    const hashes = tree?.proof(block);
    if (data === undefined || hashes === undefined) {
      this.#peer.send({ type: 'proof', transfer });
      return;
    }
    if (!this.#peer.send({ type: 'proof', transfer, hashes })) return;
    for (let offset = 0; offset < data.length; offset += BLOCK_FRAME_PAYLOAD_BYTES) {
      const payload = data.subarray(offset, offset + BLOCK_FRAME_PAYLOAD_BYTES);
      const frame = encodeBlockFrame({ transfer, offset, payload }, this.#frame);
      if (!this.#peer.sendBulk(frame)) return;
    }
    this.#onSent(file, data.length);
  }

  async #read({ file, block }: Job): Promise<Bytes | undefined> {
    const length = blockLength(file.size, block);
    try {
      const data = await this.#platform.blobs.read(file.blob, block * BLOCK_BYTES, length);
      return data.length === length ? data : undefined;
    } catch {
      return undefined;
    }
  }
}
