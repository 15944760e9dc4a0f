// All files of all pools: who has what, who is asked for what, who is served. Frames of connected
// devices come in here and are answered only for files offered in the pool they belong to.

import {
  type BlockFrame,
  type Bytes,
  type ChannelFrame,
  decodeBlockFrame,
  toHex,
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
import { SharedFile } from './shared-file.ts';
import { type Shelved, shelve, type TransferFacts, transferFacts } from './shelved.ts';
import { Upload } from './upload.ts';

export interface SwarmHost {
  readonly platform: Platform;
  readonly writer: RowWriter;
  onChanged(root: string): void;
}

interface PeerState {
  readonly upload: Upload;
  readonly incoming: Map<number, Incoming>;
  next: number;
}

const HAVE_PAGE_BYTES = 32 * 1024;

export class Swarm {
  readonly #host: SwarmHost;
  readonly #files = new Map<string, Shelved>();
  readonly #opening = new Map<string, Promise<Shelved>>();
  readonly #peers = new Map<Peer, PeerState>();
  #cancelTick: (() => void) | undefined;
  #stopped = false;

  constructor(host: SwarmHost) {
    this.#host = host;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTick?.();
    const partly = [...this.#files.values()].filter(({ file }) => !file.complete);
    await Promise.all(partly.map(({ file }) => file.save(this.#host.writer)));
  }

  /** A file that this device offers itself, already taken in. */
  async adopt(pool: string, file: SharedFile): Promise<void> {
    const known = this.#files.get(file.id);
    if (known?.file.complete === true) {
      known.pools.add(pool);
      await this.#host.platform.blobs.remove(file.blob).catch(() => {});
      return;
    }
    const shelved = shelve(file, this.#host.platform.clock.nowMs());
    shelved.pools.add(pool);
    for (const earlier of known?.pools ?? []) shelved.pools.add(earlier);
    this.#files.set(file.id, shelved);
    await file.saveComplete(this.#host.writer);
    this.#tell(shelved);
  }

  /** An offer was read in a pool; small enough files are fetched at once. */
  async offered(pool: string, root: Bytes, size: number): Promise<void> {
    const shelved = await this.#open(root, size);
    if (shelved.file.size !== size || this.#stopped) return;
    shelved.pools.add(pool);
    if (size === 0 || size <= AUTO_FETCH_BYTES_MAX) shelved.file.wanted = true;
    this.#start(shelved);
    for (const peer of this.#peers.keys()) if (peer.pool === pool) this.#seek(peer, [shelved]);
    this.#host.onChanged(shelved.file.id);
  }

  /** Somebody asked for it: also where it is too large to come by itself, or failed before. */
  fetch(root: string): boolean {
    const shelved = this.#files.get(root);
    if (shelved === undefined) return false;
    shelved.file.wanted = true;
    if (shelved.download?.failure !== undefined) shelved.download = undefined;
    this.#start(shelved);
    for (const peer of this.#peers.keys()) {
      if (shelved.pools.has(peer.pool)) this.#seek(peer, [shelved]);
    }
    return true;
  }

  file(root: string): SharedFile | undefined {
    return this.#files.get(root)?.file;
  }

  facts(root: string): TransferFacts | undefined {
    const shelved = this.#files.get(root);
    return shelved && transferFacts(shelved);
  }

  addPeer(peer: Peer): void {
    const upload = new Upload(this.#host.platform, peer, (file, bytes) => {
      const shelved = this.#files.get(file.id);
      if (shelved === undefined) return;
      shelved.bytesSent += bytes;
      shelved.sentSpeed.add(bytes);
      file.users.add(peer.user);
      if (peer.relayed) file.bytesThroughServer += bytes;
      this.#tickSoon();
    });
    this.#peers.set(peer, { upload, incoming: new Map(), next: 0 });
    const inPool = [...this.#files.values()].filter(({ pools }) => pools.has(peer.pool));
    this.#seek(peer, inPool.slice(-FILES_SOUGHT_MAX));
  }

  removePeer(peer: Peer): void {
    this.#peers.delete(peer);
    for (const { download, file } of this.#files.values()) {
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
        for (const root of frame.roots) this.#answerSeek(peer, toHex(root));
        break;
      case 'have':
        this.#have(peer, frame);
        break;
      case 'request': {
        const shelved = this.#files.get(toHex(frame.root));
        const file = shelved?.pools.has(peer.pool) ? shelved.file : undefined;
        state.upload.request(frame.transfer, file, frame.block);
        break;
      }
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

  #open(root: Bytes, size: number): Promise<Shelved> {
    const id = toHex(root);
    const known = this.#files.get(id);
    if (known !== undefined) return Promise.resolve(known);
    let opening = this.#opening.get(id);
    if (opening === undefined) {
      opening = SharedFile.open(this.#host.platform, root, size).then((file) => {
        this.#opening.delete(id);
        const shelved = this.#files.get(id) ?? shelve(file, this.#host.platform.clock.nowMs());
        this.#files.set(id, shelved);
        return shelved;
      });
      this.#opening.set(id, opening);
    }
    return opening;
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
    const shelved = this.#files.get(toHex(frame.root));
    if (shelved === undefined || !shelved.pools.has(peer.pool)) return;
    const all = frame.blocks >= shelved.file.blocks;
    if (all) shelved.completeOn.add(peer.device);
    else shelved.completeOn.delete(peer.device);
    shelved.download?.have(peer, all, frame.from, frame.bits);
    this.#pumpAll();
    this.#host.onChanged(shelved.file.id);
  }

  #seek(peer: Peer, files: readonly Shelved[]): void {
    const roots = files.map(({ file }) => file.root);
    if (roots.length > 0) peer.send({ type: 'seek', roots });
  }

  #answerSeek(peer: Peer, root: string): void {
    const shelved = this.#files.get(root);
    if (shelved?.pools.has(peer.pool)) this.#sendHave(peer, shelved.file);
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
      if (shelved.pools.has(peer.pool)) this.#sendHave(peer, shelved.file);
    }
  }

  #progressed(shelved: Shelved): void {
    const { clock } = this.#host.platform;
    if (!shelved.saving) {
      shelved.saving = true;
      clock.after(BITFIELD_SAVE_MS, () => {
        shelved.saving = false;
        if (!shelved.file.complete && !this.#stopped) {
          shelved.file.save(this.#host.writer).catch(() => {});
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
    await shelved.file.saveComplete(this.#host.writer).catch(() => {});
  }

  /** A few files at a time, the smallest first: pictures need not wait for a film. */
  #pumpAll(): void {
    const able = [...this.#files.values()]
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
      for (const { download, file, sentSpeed } of this.#files.values()) {
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
