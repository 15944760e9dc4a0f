// All files of all pools: who has what, who is asked for what, who is served. Frames of connected
// devices come in here and are answered only for files offered in the pool they belong to.

import {
  type BlockFrame,
  type Bytes,
  type ChannelFrame,
  decodeBlockFrame,
} from '@rockpool/protocol';
import {
  AUTO_FETCH_BYTES_MAX,
  BITFIELD_SAVE_MS,
  DOWNLOADS_ACTIVE_MAX,
  FILES_SOUGHT_MAX,
  HAVE_UPDATE_MS,
  SPEED_SAMPLE_MS,
} from '../limits.ts';
import type { Peer } from '../mesh/peer.ts';
import type { Platform } from '../ports.ts';
import type { RowWriter } from '../store/row-writer.ts';
import { Download, type Incoming } from './download.ts';
import { fileId, type SharedFile } from './shared-file.ts';
import { Shelf } from './shelf.ts';
import { type Shelved, type TransferFacts, transferFacts } from './shelved.ts';
import { Upload } from './upload.ts';

export interface SwarmHost {
  readonly platform: Platform;
  readonly writer: RowWriter;
  /** Something about the file with this id has changed. */
  onChanged(id: string): void;
}

interface PeerState {
  readonly upload: Upload;
  readonly incoming: Map<number, Incoming>;
  next: number;
}

const HAVE_PAGE_BYTES = 32 * 1024;

export class Swarm {
  readonly #host: SwarmHost;
  readonly #shelf: Shelf;
  readonly #peers = new Map<Peer, PeerState>();
  /** One after another: each takes some of the room that is left. */
  #offers: Promise<void> = Promise.resolve();
  #cancelTick: (() => void) | undefined;
  #stopped = false;

  constructor(host: SwarmHost) {
    this.#host = host;
    this.#shelf = new Shelf(host.platform);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTick?.();
    const partly = [...this.#shelf.all()].filter(({ file }) => !file.complete);
    await Promise.allSettled(partly.map(({ file }) => this.#save(file)));
  }

  /** A file that this device offers itself, already taken in. */
  async adopt(pool: string, file: SharedFile): Promise<void> {
    const { blobs } = this.#host.platform;
    const known = await this.#shelf.open(file.root, file.size);
    if (known?.file.complete === true) {
      known.pools.add(pool);
      known.file.served.add(pool);
      await this.#save(known.file);
      this.#tell(known);
      await blobs.remove(file.blob).catch(() => {});
      return;
    }
    known?.download?.stop();
    const shelved = this.#shelf.put(file);
    for (const earlier of [...(known?.pools ?? []), pool]) shelved.pools.add(earlier);
    for (const earlier of [...(known?.file.served ?? []), pool]) file.served.add(earlier);
    await file.saveComplete(this.#host.writer, blobs);
    this.#tell(shelved);
    if (known !== undefined) await blobs.remove(known.file.blob).catch(() => {});
  }

  /** An offer was read in a pool; small enough files are fetched at once. */
  offered(pool: string, root: Bytes, size: number): Promise<void> {
    const mine = this.#offers.then(() => this.#consider(pool, root, size));
    this.#offers = mine.catch(() => {});
    return mine;
  }

  async #consider(pool: string, root: Bytes, size: number): Promise<void> {
    if (!(await this.#shelf.isOfUse(root, size))) return;
    const comes = size <= AUTO_FETCH_BYTES_MAX && (await this.#shelf.hasRoomFor(size));
    await this.#look(pool, root, size, comes);
  }

  /** Somebody asked for it: also where it is too large to come by itself, or failed before. */
  async fetch(pool: string, root: Bytes, size: number): Promise<void> {
    const shelved = this.#shelf.get(fileId(root, size));
    if (shelved?.download?.failure !== undefined) shelved.download = undefined;
    await this.#look(pool, root, size, true);
  }

  async #look(pool: string, root: Bytes, size: number, wanted: boolean): Promise<void> {
    const shelved = await this.#shelf.open(root, size);
    if (shelved === undefined || this.#stopped) return;
    shelved.pools.add(pool);
    shelved.file.wanted ||= wanted;
    // Whoever hears of an empty file holds all of it: there is nothing to wait for or to hide.
    if (shelved.file.size === 0) {
      shelved.file.served.add(pool);
      this.#tell(shelved);
    }
    this.#start(shelved);
    for (const peer of this.#peers.keys()) if (peer.pool === pool) this.#seek(peer, [shelved]);
    this.#host.onChanged(shelved.file.id);
  }

  file(id: string): SharedFile | undefined {
    return this.#shelf.get(id)?.file;
  }

  facts(id: string): TransferFacts | undefined {
    const shelved = this.#shelf.get(id);
    return shelved && transferFacts(shelved);
  }

  #save(file: SharedFile): Promise<void> {
    return file.save(this.#host.writer, this.#host.platform.blobs);
  }

  addPeer(peer: Peer): void {
    const upload = new Upload(this.#host.platform, peer, (file, bytes) => {
      const shelved = this.#shelf.get(file.id);
      if (shelved === undefined) return;
      shelved.bytesSent += bytes;
      shelved.sentSpeed.add(bytes);
      file.users.add(peer.user);
      if (peer.relayed) file.bytesThroughServer += bytes;
      this.#tickSoon();
    });
    this.#peers.set(peer, { upload, incoming: new Map(), next: 0 });
    const inPool = [...this.#shelf.all()].filter(({ pools }) => pools.has(peer.pool));
    this.#seek(peer, inPool.slice(-FILES_SOUGHT_MAX));
  }

  removePeer(peer: Peer): void {
    this.#peers.delete(peer);
    for (const { download, file } of this.#shelf.all()) {
      download?.removePeer(peer);
      if (download !== undefined) this.#host.onChanged(file.id);
    }
    this.#pumpAll();
  }

  bulkReady(peer: Peer): void {
    this.#peers.get(peer)?.upload.pump();
    this.#pumpAll();
  }

  drained(peer: Peer): void {
    this.#peers.get(peer)?.upload.pump();
  }

  onFrame(peer: Peer, frame: ChannelFrame): void {
    const state = this.#peers.get(peer);
    if (state === undefined) return;
    switch (frame.type) {
      case 'seek':
        for (const root of frame.roots) this.#answerSeek(peer, root);
        break;
      case 'have':
        this.#have(peer, frame);
        break;
      case 'request':
        state.upload.request(frame.transfer, this.#servable(peer, frame), frame.block);
        break;
      case 'cancel':
        state.upload.cancel(frame.transfer);
        break;
      case 'proof':
        this.#proof(state, frame.transfer, frame.hashes);
        break;
      case 'hello':
      case 'vector':
      case 'records':
      case 'ping':
      case 'pong':
        break;
    }
  }

  onBulk(peer: Peer, bytes: Bytes): void {
    const state = this.#peers.get(peer);
    const decoded = decodeBlockFrame(bytes);
    if (state === undefined) return;
    if (!decoded.ok) {
      peer.close();
      return;
    }
    const frame: BlockFrame = decoded.value;
    // Frames of a cancelled transfer may still be on their way.
    const incoming = state.incoming.get(frame.transfer);
    if (incoming === undefined) return;
    if (!incoming.download.frame(incoming, frame)) {
      state.incoming.delete(frame.transfer);
      incoming.download.release(incoming);
      incoming.download.strike(incoming.source);
      return;
    }
    this.#finishIfWhole(state, frame.transfer, incoming);
  }

  #proof(state: PeerState, transfer: number, hashes: readonly Bytes[] | undefined): void {
    const incoming = state.incoming.get(transfer);
    if (incoming === undefined) return;
    if (hashes === undefined) {
      state.incoming.delete(transfer);
      incoming.download.refused(incoming);
      return;
    }
    incoming.proof = hashes;
    this.#finishIfWhole(state, transfer, incoming);
  }

  #finishIfWhole(state: PeerState, transfer: number, incoming: Incoming): void {
    if (!incoming.download.isWhole(incoming)) return;
    state.incoming.delete(transfer);
    incoming.download.finish(incoming);
  }

  #start(shelved: Shelved): void {
    const { file } = shelved;
    if (file.complete || !file.wanted || shelved.download !== undefined) return;
    const { platform } = this.#host;
    // Where only one source exists this is as good as any order; with several, devices trade.
    const [a = 0, b = 0, c = 0] = platform.random.bytes(3);
    const start = this.#peers.size > 1 ? a * 65_536 + b * 256 + c : 0;
    shelved.download = new Download(file, start, {
      platform,
      request: (peer, incoming) => this.#request(peer, incoming),
      cancel: (peer, transfer) => {
        this.#peers.get(peer)?.incoming.delete(transfer);
        peer.send({ type: 'cancel', transfer });
      },
      onBlock: () => this.#progressed(shelved),
      onComplete: () => void this.#completed(shelved),
      onFailed: () => this.#host.onChanged(file.id),
    });
  }

  #request(peer: Peer, incoming: Incoming): number | undefined {
    const state = this.#peers.get(peer);
    if (state === undefined) return undefined;
    const transfer = state.next;
    const { root } = incoming.download.file;
    if (!peer.send({ type: 'request', transfer, root, block: incoming.block })) return undefined;
    state.next = (state.next + 1) % 2 ** 32;
    state.incoming.set(transfer, incoming);
    this.#tickSoon();
    return transfer;
  }

  #have(peer: Peer, frame: Extract<ChannelFrame, { type: 'have' }>): void {
    for (const shelved of this.#shelf.ofRoot(frame.root)) {
      if (!shelved.pools.has(peer.pool)) continue;
      const all = frame.blocks >= shelved.file.blocks;
      if (all) shelved.completeOn.add(peer.device);
      else shelved.completeOn.delete(peer.device);
      shelved.download?.have(peer, all, frame.from, frame.bits);
      this.#host.onChanged(shelved.file.id);
    }
    this.#pumpAll();
  }

  /** What this peer may be served of the root: of several sizes, the one of which most is here. */
  #servable(peer: Peer, { root, block }: { root: Bytes; block: number }): SharedFile | undefined {
    let best: SharedFile | undefined;
    for (const { file } of this.#shelf.ofRoot(root)) {
      if (!file.served.has(peer.pool) || !file.held.has(block)) continue;
      if (best === undefined || file.complete || file.held.count > best.held.count) best = file;
      if (best.complete) return best;
    }
    return best;
  }

  #seek(peer: Peer, files: readonly Shelved[]): void {
    const roots = files.map(({ file }) => file.root);
    if (roots.length > 0) peer.send({ type: 'seek', roots });
  }

  #answerSeek(peer: Peer, root: Bytes): void {
    for (const { file } of this.#shelf.ofRoot(root)) {
      if (file.served.has(peer.pool)) this.#sendHave(peer, file);
    }
  }

  #sendHave(peer: Peer, file: SharedFile): void {
    const blocks = file.held.count;
    if (blocks === 0 && file.size > 0) return;
    if (file.complete) {
      peer.send({ type: 'have', root: file.root, blocks, from: 0, bits: new Uint8Array(0) });
      return;
    }
    for (let at = 0; at < file.held.bits.length; at += HAVE_PAGE_BYTES) {
      const bits = file.held.bits.slice(at, at + HAVE_PAGE_BYTES);
      peer.send({ type: 'have', root: file.root, blocks, from: at * 8, bits });
    }
  }

  #tell(shelved: Shelved): void {
    for (const peer of this.#peers.keys()) {
      if (shelved.file.served.has(peer.pool)) this.#sendHave(peer, shelved.file);
    }
  }

  #progressed(shelved: Shelved): void {
    const { clock } = this.#host.platform;
    if (!shelved.saving) {
      shelved.saving = true;
      clock.after(BITFIELD_SAVE_MS, () => {
        shelved.saving = false;
        if (!shelved.file.complete && !this.#stopped) {
          this.#save(shelved.file).catch(() => {});
        }
      });
    }
    if (!shelved.telling && this.#peers.size > 1) {
      shelved.telling = true;
      clock.after(HAVE_UPDATE_MS, () => {
        shelved.telling = false;
        if (!shelved.file.complete) this.#tell(shelved);
      });
    }
  }

  async #completed(shelved: Shelved): Promise<void> {
    shelved.download = undefined;
    this.#host.onChanged(shelved.file.id);
    this.#tell(shelved);
    this.#pumpAll();
    const { writer, platform } = this.#host;
    await shelved.file.saveComplete(writer, platform.blobs).catch(() => {});
  }

  /** A few files at a time, the smallest first: pictures need not wait for a film. */
  #pumpAll(): void {
    const able = [...this.#shelf.all()]
      .flatMap(({ download }) => download ?? [])
      .filter((download) => download.failure === undefined && download.sourceCount > 0)
      .sort((a, b) => a.file.size - b.file.size);
    for (const download of able.slice(0, DOWNLOADS_ACTIVE_MAX)) download.pump();
  }

  /** While bytes flow: speeds, silent sources, and a fresh view twice a second. */
  #tickSoon(): void {
    if (this.#cancelTick !== undefined || this.#stopped) return;
    this.#cancelTick = this.#host.platform.clock.after(SPEED_SAMPLE_MS, () => {
      this.#cancelTick = undefined;
      const now = this.#host.platform.clock.nowMs();
      let going = false;
      for (const { download, file, sentSpeed } of this.#shelf.all()) {
        const sending = sentSpeed.active;
        sentSpeed.sample(now);
        if (download === undefined && !sending) continue;
        download?.speed.sample(now);
        download?.checkSilence();
        going ||= download?.receiving === true || sending;
        this.#host.onChanged(file.id);
      }
      if (going) this.#tickSoon();
    });
  }
}
