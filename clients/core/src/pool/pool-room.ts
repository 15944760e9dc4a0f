// Everything this device does in one pool: its log and sync, its people, its entries in order.

import {
  type ChannelFrame,
  decodeRecordBody,
  equalBytes,
  friendlyName,
  friendlyPoolName,
  type Head,
  peekPoolStatement,
  type RecordBodies,
  type Ref,
  toHex,
  type VectorEntry,
} from '@rockpool/protocol';
import { alarmOf } from '../chains/alarm.ts';
import { headOf, newest } from '../chains/held-chain.ts';
import { FILES_SOUGHT_MAX } from '../limits.ts';
import type { MeshDevice } from '../mesh/mesh-host.ts';
import type { Peer, PeerUse } from '../mesh/peer.ts';
import type { HeldRecord } from '../messages/device-log.ts';
import { PoolLog } from '../messages/pool-log.ts';
import { compareKeys, Timeline, type TimelineKey } from '../messages/timeline.ts';
import type { Account } from '../store/account.ts';
import { PoolSync } from '../sync/pool-sync.ts';
import type { Alarm, Entry, FileEntry, PoolView } from '../view.ts';
import { Holders } from './holders.ts';
import { activeDevice, isMember, type MemberSet, readMembers } from './members.ts';
import { type OfferedFile, OfferedFiles } from './offered-files.ts';
import { People } from './people.ts';
import { memberViews, reuse, reuseEach } from './pool-view.ts';
import type { RoomHost } from './room-host.ts';
import { transferView } from './transfer-view.ts';
import { UnreadCount } from './unread-count.ts';

export class PoolRoom {
  readonly ref: Ref;
  readonly id: string;
  readonly people = new People();
  readonly unread: UnreadCount;
  readonly #host: RoomHost;
  readonly #self: Account;
  readonly #log: PoolLog;
  readonly #sync: PoolSync;
  readonly #holders: Holders;
  readonly #timeline = new Timeline();
  readonly #files = new OfferedFiles();
  #members: MemberSet;
  #joinsRead = 0;
  #name: { readonly key: TimelineKey; readonly text: string } | undefined;
  #peerSeq = 0;
  /** Devices (hex) that say they know another history. */
  readonly #differing = new Set<string>();
  #loading = true;
  #view: PoolView | undefined;

  constructor(host: RoomHost, ref: Ref, self: Account) {
    this.#host = host;
    this.#self = self;
    this.ref = ref;
    this.id = toHex(ref[1]);
    this.unread = new UnreadCount(host.platform, host.writer, ref);
    const chain = host.chains.pool(ref);
    if (chain === undefined) throw new Error('a room needs the chain of its pool');
    this.#members = readMembers(host.chains, newest(chain));
    this.#holders = new Holders(host.platform, host.writer, ref[1], self.device);
    this.#log = this.#createLog();
    this.#sync = new PoolSync({
      clock: host.platform.clock,
      log: this.#log,
      learn: () => host.learn(ref),
      onHeld: (device, entries) => this.#held(device, entries),
      onStoreFailed: () => host.notify('bad', 'Messages came that this device has no room for.'),
    });
  }

  async load(): Promise<void> {
    await this.#holders.load();
    await this.unread.load();
    this.chainChanged();
    await this.#log.load();
    this.#loading = false;
    await this.#reopenFiles();
    this.#touch();
  }

  /** What is saved a moment later otherwise. */
  saveNow(): void {
    this.#holders.save();
    this.unread.save();
  }

  get isMine(): boolean {
    return isMember(this.#members, this.#self.user);
  }

  get head(): Head {
    return headOf(this.#members.state);
  }

  get stopped(): boolean {
    return this.#alarm()?.level === 'stop';
  }

  get name(): string | undefined {
    return this.#name?.text;
  }

  device(device: Uint8Array): MeshDevice | undefined {
    return activeDevice(this.#members, device, this.#host.platform.clock.nowMs());
  }

  /** The pool's or a member's chain grew, or was found forked. */
  chainChanged(): void {
    const chain = this.#host.chains.pool(this.ref);
    if (chain === undefined) return;
    this.#members = readMembers(this.#host.chains, newest(chain));
    for (; this.#joinsRead < chain.links.length; this.#joinsRead++) {
      const link = chain.links[this.#joinsRead];
      if (link !== undefined) this.#showJoin(link.envelope, link.time);
    }
    this.#host.mesh.review(this.ref);
    this.#touch();
  }

  /** A peer showed a head of the pool beyond ours. */
  peerKnows(seq: number): void {
    this.#peerSeq = Math.max(this.#peerSeq, seq);
    this.#touch();
  }

  peerDiffers(device: string, differs: boolean): void {
    if (differs) this.#differing.add(device);
    else this.#differing.delete(device);
    this.#touch();
  }

  use(peer: Peer): PeerUse {
    const { swarm } = this.#host;
    this.#sync.addPeer(peer);
    swarm.addPeer(peer);
    return {
      onFrame: (frame) => this.#frame(peer, frame),
      onBulk: (frame) => swarm.onBulk(peer, frame),
      onBulkOpen: () => swarm.bulkReady(peer),
      onBulkDrained: () => swarm.drained(peer),
      onControlDrained: () => this.#sync.drained(peer),
      onClosed: () => {
        this.#sync.removePeer(peer);
        swarm.removePeer(peer);
      },
    };
  }

  /** Answers the id of the entry that the record is, where its kind is shown as one. */
  async write<K extends 'text' | 'file' | 'profile' | 'pool'>(
    kind: K,
    body: RecordBodies[K],
  ): Promise<string> {
    const { logKey, header } = await this.#log.append(kind, body);
    this.#sync.written(logKey);
    return entryId(logKey, header.seq);
  }

  entry(id: string): Entry | undefined {
    return this.#timeline.find(id);
  }

  /** What a file entry offers. */
  fileOf(entryId: string): OfferedFile | undefined {
    return this.#files.ofEntry(entryId);
  }

  fileChanged(id: string): void {
    const file = this.#files.get(id);
    if (file === undefined) return;
    for (const entryId of file.entries) {
      this.#timeline.update(entryId, (entry) =>
        entry.kind === 'file' ? { ...entry, transfer: this.#transfer(id) } : entry,
      );
    }
    this.#touch();
  }

  pathsChanged(): void {
    this.#touch();
  }

  view(): PoolView {
    this.#view ??= this.#buildView();
    return this.#view;
  }

  #last: PoolView | undefined;

  #buildView(): PoolView {
    const selfUser = toHex(this.#self.user[1]);
    const members = memberViews({
      pool: this.ref,
      members: this.#members,
      people: this.people,
      mesh: this.#host.mesh,
      selfUser,
      selfDevice: toHex(this.#self.device),
      nowMs: this.#host.platform.clock.nowMs(),
      selfOnline: this.#host.session.online,
    });
    const mine = members.find((member) => member.isMe);
    const alarm = reuse(this.#last?.alarm, this.#alarm());
    const view: PoolView = {
      id: this.id,
      name: this.#name?.text ?? friendlyPoolName(this.ref[1]),
      hue: friendlyName(this.ref[1]).hue,
      role: mine?.role ?? 'member',
      members: reuseEach(this.#last?.members, members),
      entries: this.#timeline.entries(),
      unread: this.unread.count,
      ...(alarm === undefined ? {} : { alarm }),
    };
    this.#last = sameView(this.#last, view) ? this.#last : view;
    return this.#last ?? view;
  }

  #createLog(): PoolLog {
    const { platform, writer } = this.#host;
    return new PoolLog({
      platform,
      writer,
      pool: this.ref[1],
      self: this.#self.device,
      sign: (message) => this.#host.sign(message),
      poolHead: () => this.head,
      context: () => ({
        pool: this.ref[1],
        headAt: (seq) => this.#host.chains.pool(this.ref)?.states[seq]?.head,
        joinedSeq: (device) => this.#members.devices.get(toHex(device))?.joinedSeq,
        nowMs: platform.clock.nowMs(),
      }),
      point: (device) => this.#members.devices.get(toHex(device))?.sign,
      onStored: (record) => this.#show(record),
      onWithdrawn: (record) => this.#hide(record),
    });
  }

  #frame(peer: Peer, frame: ChannelFrame): void {
    if (frame.type === 'vector') this.#sync.vector(peer, frame.entries);
    else if (frame.type === 'records') {
      if (!this.#sync.records(peer, frame.records)) peer.close();
    } else this.#host.swarm.onFrame(peer, frame);
  }

  #show(record: HeldRecord): void {
    const { header, wire } = record;
    const device = toHex(header.device);
    const user = this.#members.devices.get(device)?.user;
    if (wire.body === undefined || user === undefined) return;
    const userId = toHex(user[1]);
    const key = { ms: header.ms, counter: header.counter, device, seq: header.seq };
    if (header.kind === 'text') {
      const body = decodeRecordBody('text', wire.body);
      if (body.ok)
        this.#add(key, { ...this.#base(record, userId), kind: 'text', text: body.value.text });
    } else if (header.kind === 'file') {
      const body = decodeRecordBody('file', wire.body);
      if (body.ok) this.#addFile(record, key, userId, body.value);
    } else if (header.kind === 'profile') {
      const body = decodeRecordBody('profile', wire.body);
      if (body.ok && this.people.tell(userId, key, body.value)) this.#renamed(userId);
    } else {
      const body = decodeRecordBody('pool', wire.body);
      if (body.ok && (this.#name === undefined || compareKeys(key, this.#name.key) > 0)) {
        this.#name = { key, text: body.value.name };
      }
    }
    this.#touch();
  }

  #addFile(record: HeldRecord, key: TimelineKey, userId: string, body: RecordBodies['file']): void {
    const { root, name, size, type: mediaType } = body;
    const base = this.#base(record, userId);
    const transfer = this.#transfer(this.#files.add(base.id, root, size).id);
    this.#add(key, { ...base, kind: 'file', name, size, mediaType, transfer });
    if (!this.#loading) void this.#host.swarm.offered(this.id, root, size);
  }

  /** The newest offers first; older ones are opened when they are looked at. */
  async #reopenFiles(): Promise<void> {
    const files = this.#timeline.entries().filter((entry) => entry.kind === 'file');
    for (const entry of files.slice(-FILES_SOUGHT_MAX)) {
      const file = this.fileOf(entry.id);
      if (file === undefined) continue;
      await this.#host.swarm.offered(this.id, file.root, file.size);
      this.fileChanged(file.id);
    }
  }

  #base(record: HeldRecord, userId: string) {
    const { header, logKey } = record;
    return {
      id: entryId(logKey, header.seq),
      author: this.people.person(userId),
      deviceId: toHex(header.device),
      mine: userId === toHex(this.#self.user[1]),
      timeMs: header.ms,
      heldByOthers: this.#holders.count(logKey, header.seq),
    };
  }

  #add(key: TimelineKey, entry: Entry): void {
    this.#timeline.insert(key, entry);
    if (!this.#loading && !entry.mine) this.unread.arrived();
  }

  #hide(record: HeldRecord): void {
    const id = entryId(record.logKey, record.header.seq);
    this.#timeline.remove(id);
    this.#files.forget(id);
    this.#touch();
  }

  #showJoin(envelope: Uint8Array, timeMs: number): void {
    const peeked = peekPoolStatement(envelope);
    if (!peeked.ok || peeked.value.statement.kind !== 'pool.join') return;
    const { author, seq } = peeked.value;
    const userId = toHex(author.user[1]);
    const key = { ms: timeMs, counter: 0, device: '', seq };
    this.#timeline.insert(key, {
      kind: 'joined',
      id: `joined-${seq}`,
      author: this.people.person(userId),
      deviceId: '',
      mine: equalBytes(author.user[1], this.#self.user[1]),
      timeMs,
      heldByOthers: 0,
    });
  }

  #renamed(userId: string): void {
    const author = this.people.person(userId);
    this.#timeline.updateAll((entry) =>
      entry.author.userId === userId ? { ...entry, author } : entry,
    );
  }

  #held(device: string, entries: readonly VectorEntry[]): void {
    this.#holders.held(device, entries, (logKey, from, to) => {
      const end = Math.min(to, this.#log.log(logKey)?.records.length ?? 0);
      for (let seq = from; seq < end; seq++) {
        const heldByOthers = this.#holders.count(logKey, seq);
        this.#timeline.update(entryId(logKey, seq), (entry) =>
          entry.heldByOthers === heldByOthers ? entry : { ...entry, heldByOthers },
        );
      }
      this.#touch();
    });
  }

  #transfer(id: string): FileEntry['transfer'] {
    const nameOf = (user: string) => this.people.person(user).name;
    return transferView(this.#host.swarm.facts(id), nameOf);
  }

  #alarm(): Alarm | undefined {
    const { forked, unread, state } = this.#members;
    return alarmOf({
      forked: forked || this.#host.chains.forked('pool', this.ref),
      differs: this.#differing.size > 0,
      behind: this.#peerSeq > state.seq,
      unread,
    });
  }

  #touch(): void {
    this.#view = undefined;
    if (!this.#loading) this.#host.changed();
  }
}

function entryId(logKey: string, seq: number): string {
  return `${logKey.replace('/', '-')}-${seq}`;
}

function sameView(before: PoolView | undefined, next: PoolView): before is PoolView {
  if (before === undefined) return false;
  const keys = Object.keys(next) as (keyof PoolView)[];
  return (
    keys.length === Object.keys(before).length && keys.every((key) => before[key] === next[key])
  );
}
