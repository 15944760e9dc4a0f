// Records between the devices of one pool: pushed live to everybody connected, told by vectors who
// holds what, and passed on by whoever has them when their author is not connected to all.

import { decodeRecord, toHex, type VectorEntry, type WireRecord } from '@rockpool/protocol';
import {
  CONTROL_HIGH_BYTES,
  GOSSIP_DELAY_MS,
  INBOX_FRAMES_MAX,
  VECTOR_DELAY_MS,
} from '../limits.ts';
import type { Peer } from '../mesh/peer.ts';
import { type HeldRecord, logKeyOf } from '../messages/device-log.ts';
import { entryOf, type PoolLog } from '../messages/pool-log.ts';
import type { Clock } from '../ports.ts';
import { PeerSync } from './peer-sync.ts';

export interface PoolSyncHost {
  readonly clock: Clock;
  readonly log: PoolLog;
  /** Reads the chains anew; resolves when it is worth judging again. */
  learn(): Promise<void>;
  /** This device is now known to hold that much. */
  onHeld(device: string, entries: readonly VectorEntry[]): void;
  /** Records came that could not be stored. */
  onStoreFailed(): void;
}

const RETRY_REFUSED_MS = 5_000;

export class PoolSync {
  readonly #host: PoolSyncHost;
  readonly #peers = new Map<Peer, PeerSync>();
  readonly #unacked = new Set<string>();
  #cancelAck: (() => void) | undefined;
  readonly #inbox: { sync: PeerSync; records: readonly WireRecord[] }[] = [];
  #taking = false;

  constructor(host: PoolSyncHost) {
    this.#host = host;
  }

  addPeer(peer: Peer): void {
    const sync = new PeerSync(peer, (key) => this.#host.log.log(key));
    this.#peers.set(peer, sync);
    sync.sendVector(this.#host.log.vector());
  }

  removePeer(peer: Peer): void {
    this.#peers.delete(peer);
  }

  drained(peer: Peer): void {
    this.#peers.get(peer)?.pump();
  }

  /** A record of this device: to everybody at once. */
  written(key: string): void {
    for (const sync of this.#peers.values()) sync.push([key]);
    this.#ackSoon([key]);
  }

  vector(peer: Peer, entries: readonly VectorEntry[]): void {
    const sync = this.#peers.get(peer);
    if (sync === undefined) return;
    const first = !sync.ready;
    const askedAnew = sync.heard(entries);
    this.#host.onHeld(peer.device, entries);
    sync.push(first ? [...this.#host.log.logs()].map((log) => log.key) : askedAnew);
    if (!first)
      this.#gossipSoon(entries.map(([device, incarnation]) => logKeyOf(device, incarnation)));
  }

  /** False when the other side floods and its connection should end. */
  records(peer: Peer, records: readonly WireRecord[]): boolean {
    const sync = this.#peers.get(peer);
    if (sync === undefined) return true;
    if (this.#inbox.length >= INBOX_FRAMES_MAX) return false;
    this.#inbox.push({ sync, records });
    if (!this.#taking) void this.#takeAll();
    return true;
  }

  async #takeAll(): Promise<void> {
    this.#taking = true;
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
      const { sync, records } = next;
      await this.#take(sync, records).catch(() => {
        this.#host.onStoreFailed();
        this.#askLater(sync, records);
      });
    }
    this.#taking = false;
  }

  async #take(sync: PeerSync, records: readonly WireRecord[]): Promise<void> {
    const { log } = this.#host;
    let taken = await log.take(records);
    if (taken.wantsChain) {
      await this.#host.learn();
      const again = await log.take(records);
      const setBack = taken.setBack ?? again.setBack;
      taken = { ...again, setBack, stored: [...taken.stored, ...again.stored] };
      if (again.wantsChain) this.#askLater(sync, records);
    }
    this.#contradict(sync, taken.contradicted);
    if (taken.setBack !== undefined) {
      const asked = taken.setBack;
      this.written(log.ownKey);
      for (const each of this.#peers.values()) each.sendVector([entryOf(asked)]);
    }
    if (taken.stored.length === 0) return;
    const keys = new Set(taken.stored.map((record) => record.logKey));
    const held = taken.stored.map(({ header, logKey }): VectorEntry => {
      sync.holds(logKey, header.seq + 1);
      return [header.device, header.incarnation, header.seq + 1];
    });
    this.#host.onHeld(sync.peer.device, held);
    this.#ackSoon(keys);
    this.#gossipSoon(keys);
  }

  /** Shows an author what is held in the place of what it sent: its store was set back. */
  #contradict(sync: PeerSync, held: readonly HeldRecord[]): void {
    const { peer } = sync;
    const record = held.find(({ header }) => toHex(header.device) === peer.device);
    if (record === undefined || peer.controlBufferedBytes > CONTROL_HIGH_BYTES) return;
    peer.send({ type: 'records', records: [record.wire] });
  }

  /** Tells everybody what is held now, once for all that came in a moment. */
  #ackSoon(keys: Iterable<string>): void {
    for (const key of keys) this.#unacked.add(key);
    this.#cancelAck ??= this.#host.clock.after(VECTOR_DELAY_MS, () => {
      this.#cancelAck = undefined;
      const logs = [...this.#unacked].flatMap((key) => this.#host.log.log(key) ?? []);
      const entries = logs.map((log) => entryOf(log));
      this.#unacked.clear();
      for (const sync of this.#peers.values()) if (entries.length > 0) sync.sendVector(entries);
    });
  }

  /** Who still lacks it after a moment has no connection to the author, and gets it from here. */
  #gossipSoon(keys: Iterable<string>): void {
    this.#host.clock.after(GOSSIP_DELAY_MS, () => {
      for (const sync of this.#peers.values()) sync.push(keys);
    });
  }

  /** What could not be judged is asked for once more, by saying again how far its logs are held. */
  #askLater(sync: PeerSync, records: readonly WireRecord[]): void {
    const entries = new Map<string, VectorEntry>();
    for (const { record } of records) {
      const signed = decodeRecord(record);
      if (!signed.ok) continue;
      const { device, incarnation } = signed.value.header;
      const key = logKeyOf(device, incarnation);
      entries.set(key, [device, incarnation, this.#host.log.log(key)?.records.length ?? 0]);
    }
    this.#host.clock.after(RETRY_REFUSED_MS, () => {
      if (this.#peers.get(sync.peer) === sync) sync.sendVector([...entries.values()]);
    });
  }
}
