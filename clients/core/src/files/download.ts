// Fetches one file from everybody who has blocks of it. Each block is verified against the root the
// author signed before it is written; a source that sends something else is dropped.

import {
  BLOCK_BYTES,
  type BlockFrame,
  type Bytes,
  blockLength,
  type ErrorCode,
} from '@rockpool/protocol';
import {
  BLOCKS_PENDING_MAX,
  REQUESTS_PER_SOURCE_MAX,
  REQUESTS_PER_SOURCE_MIN,
  SOURCE_SILENCE_MS,
  STRIKES_MAX,
} from '../limits.ts';
import type { Peer } from '../mesh/peer.ts';
import type { Platform } from '../ports.ts';
import { Bitfield } from './bitfield.ts';
import { type PickState, pickBlock, pickEndgame } from './picker.ts';
import type { SharedFile } from './shared-file.ts';
import { Speed } from './speed.ts';

/** Room in front of a block for the byte that makes it a leaf, so that hashing needs no copy. */
const LEAF_PREFIX_BYTES = 1;

export interface Incoming {
  readonly download: Download;
  readonly source: Source;
  readonly block: number;
  readonly length: number;
  /** Zero byte and block; there from the first frame on. */
  buffer: Bytes | undefined;
  received: number;
  proof: readonly Bytes[] | undefined;
}

export interface Source {
  readonly peer: Peer;
  readonly has: Bitfield;
  readonly outstanding: Map<number, number>;
  readonly refused: Set<number>;
  window: number;
  strikes: number;
  lastMs: number;
}

export interface DownloadHost {
  readonly platform: Platform;
  /** Registers a request with the peer and sends it; its number, or undefined if it cannot. */
  request(peer: Peer, incoming: Incoming): number | undefined;
  cancel(peer: Peer, transfer: number): void;
  onBlock(download: Download): void;
  onComplete(download: Download): void;
  onFailed(download: Download): void;
}

export class Download {
  readonly file: SharedFile;
  readonly speed: Speed;
  failure: ErrorCode | 'STORE_FULL' | undefined;
  readonly #host: DownloadHost;
  readonly #sources = new Map<Peer, Source>();
  readonly #pick: PickState;
  /** Of blocks that are on the disk, for the next ones: a fresh one for each keeps the collector busy. */
  readonly #spare: Bytes[] = [];
  /** Blocks received that wait for their hash or the disk. */
  #pending = 0;
  #requested = 0;
  #done = false;

  constructor(file: SharedFile, start: number, host: DownloadHost) {
    this.file = file;
    this.#host = host;
    this.speed = new Speed(host.platform.clock.nowMs());
    this.#pick = {
      held: file.held,
      underway: new Uint8Array(file.blocks),
      sources: new Uint16Array(file.blocks),
      start: file.blocks === 0 ? 0 : start % file.blocks,
    };
  }

  get receiving(): boolean {
    return this.#requested > 0 || this.#pending > 0;
  }

  /** Sources that can still give something. */
  get sourceCount(): number {
    return [...this.#sources.values()].filter((source) => source.strikes < STRIKES_MAX).length;
  }

  /** A peer told which blocks it has. */
  have(peer: Peer, all: boolean, from: number, bits: Bytes): void {
    let source = this.#sources.get(peer);
    if (source === undefined) {
      source = {
        peer,
        has: new Bitfield(this.file.blocks),
        outstanding: new Map(),
        refused: new Set(),
        window: REQUESTS_PER_SOURCE_MIN,
        strikes: 0,
        lastMs: this.#now(),
      };
      this.#sources.set(peer, source);
    }
    const { sources } = this.#pick;
    const onSet = (block: number) => {
      sources[block] = (sources[block] ?? 0) + 1;
    };
    if (all) source.has.merge(0, new Uint8Array(source.has.bits.length).fill(255), onSet);
    else source.has.merge(from, bits, onSet);
    source.refused.clear();
  }

  /** Nothing more is asked for or written: the whole file came another way. */
  stop(): void {
    this.#done = true;
    for (const source of this.#sources.values()) this.#forgetRequests(source);
  }

  removePeer(peer: Peer): void {
    const source = this.#sources.get(peer);
    if (source === undefined) return;
    this.#sources.delete(peer);
    const { sources } = this.#pick;
    for (let block = 0; block < this.file.blocks; block++) {
      if (source.has.has(block)) sources[block] = (sources[block] ?? 1) - 1;
    }
    this.#forgetRequests(source);
  }

  /** Asks every source for as much as its window allows. */
  pump(): void {
    if (this.#done || this.failure !== undefined) return;
    for (const source of this.#sources.values()) {
      if (source.strikes >= STRIKES_MAX || !source.peer.bulkOpen) continue;
      while (
        source.outstanding.size < source.window &&
        this.#requested + this.#pending < BLOCKS_PENDING_MAX
      ) {
        if (!this.#ask(source)) break;
      }
    }
  }

  #ask(source: Source): boolean {
    const asked = (block: number) => source.outstanding.has(block) || source.refused.has(block);
    const block =
      pickBlock(this.#pick, source.has, asked) ?? pickEndgame(this.#pick, source.has, asked);
    if (block === undefined) return false;
    const incoming: Incoming = {
      download: this,
      source,
      block,
      length: blockLength(this.file.size, block),
      buffer: undefined,
      received: 0,
      proof: undefined,
    };
    const transfer = this.#host.request(source.peer, incoming);
    if (transfer === undefined) return false;
    if (source.outstanding.size === 0) source.lastMs = this.#now();
    source.outstanding.set(block, transfer);
    this.#requested++;
    this.#pick.underway[block] = (this.#pick.underway[block] ?? 0) + 1;
    return true;
  }

  /** False when the frame does not continue its block. */
  frame(incoming: Incoming, { offset, payload }: BlockFrame): boolean {
    if (offset !== incoming.received || offset + payload.length > incoming.length) return false;
    incoming.buffer ??= this.#spare.pop() ?? new Uint8Array(LEAF_PREFIX_BYTES + BLOCK_BYTES);
    incoming.buffer.set(payload, LEAF_PREFIX_BYTES + offset);
    incoming.received += payload.length;
    incoming.source.lastMs = this.#now();
    this.speed.add(payload.length);
    return true;
  }

  isWhole({ length, received, proof }: Incoming): boolean {
    return proof !== undefined && received === length;
  }

  /** All of a block and its proof are here, and the request is closed. */
  finish(incoming: Incoming): void {
    this.#release(incoming);
    const { source } = incoming;
    source.window = Math.min(REQUESTS_PER_SOURCE_MAX, source.window + 1);
    this.#pending++;
    void this.#keep(incoming).finally(() => {
      this.#pending--;
      this.pump();
    });
    this.pump();
  }

  /** The source will not send this block. */
  refused(incoming: Incoming): void {
    this.#release(incoming);
    incoming.source.refused.add(incoming.block);
    this.pump();
  }

  /** [CLI-4] A source that sends what does not verify gets one more chance, not two. */
  strike(source: Source): void {
    source.strikes++;
    if (source.strikes >= STRIKES_MAX) this.#forgetRequests(source);
    this.pump();
  }

  /** Gives up what silent sources were asked for, so that others are asked. */
  checkSilence(): void {
    const now = this.#now();
    for (const source of this.#sources.values()) {
      if (source.outstanding.size === 0 || now - source.lastMs < SOURCE_SILENCE_MS) continue;
      this.#forgetRequests(source);
      source.lastMs = now;
      this.strike(source);
    }
  }

  release(incoming: Incoming): void {
    this.#release(incoming);
  }

  async #keep({ block, length, buffer, proof, source }: Incoming): Promise<void> {
    const { file } = this;
    if (buffer === undefined || file.held.has(block)) return;
    const input = buffer.subarray(0, LEAF_PREFIX_BYTES + length);
    const leaf = await this.#host.platform.crypto.sha256(input);
    if (file.tree === undefined || !file.tree.learn(block, leaf, proof ?? [])) {
      this.strike(source);
      return;
    }
    if (this.#done || file.held.has(block)) return;
    try {
      const data = input.subarray(LEAF_PREFIX_BYTES);
      await this.#host.platform.blobs.write(file.blob, block * BLOCK_BYTES, data);
      this.#spare.push(buffer);
    } catch {
      this.failure = 'STORE_FULL';
      this.#host.onFailed(this);
      return;
    }
    if (!file.held.set(block)) return;
    file.users.add(source.peer.user);
    file.served.add(source.peer.pool);
    if (source.peer.relayed) file.bytesThroughServer += length;
    this.#cancelCopies(block);
    this.#host.onBlock(this);
    if (file.complete && !this.#done) {
      this.#done = true;
      this.#host.onComplete(this);
    }
  }

  #cancelCopies(block: number): void {
    for (const source of this.#sources.values()) {
      const transfer = source.outstanding.get(block);
      if (transfer === undefined) continue;
      this.#drop(source, block);
      this.#host.cancel(source.peer, transfer);
    }
  }

  #forgetRequests(source: Source): void {
    for (const [block, transfer] of [...source.outstanding]) {
      this.#drop(source, block);
      this.#host.cancel(source.peer, transfer);
    }
  }

  #release({ source, block }: Incoming): void {
    if (source.outstanding.has(block)) this.#drop(source, block);
  }

  #drop(source: Source, block: number): void {
    source.outstanding.delete(block);
    this.#requested--;
    this.#pick.underway[block] = Math.max(0, (this.#pick.underway[block] ?? 1) - 1);
  }

  #now(): number {
    return this.#host.platform.clock.nowMs();
  }
}
