// Which devices to be connected to, and how connections come about. The device with the higher id
// begins; the other one asks it to (restart). A new connection takes an old one's place only after
// it is proven, so that no forged or lost signal can cut what works, and what works needs no server.

import {
  type Bytes,
  equalBytes,
  fromHex,
  type Head,
  type PeerSignal,
  type Ref,
  type ServerFrame,
  type SignedDescription,
  toHex,
} from '@rockpool/protocol';
import type { PathMeasurement } from '../doctor/measurement.ts';
import {
  ANSWER_TIMEOUT_FIRST_MS,
  CONNECT_RETRY_FIRST_MS,
  CONNECT_RETRY_MAX_MS,
  CONNECTIONS_MAX,
  CONNECTIONS_REMEMBERED_MAX,
  OFFERS_PER_MINUTE_MAX,
  SIGNAL_SENDERS_MAX,
  SIGNALS_QUEUED_MAX,
} from '../limits.ts';
import { type PathTrouble, trouble } from '../network/path-trouble.ts';
import { backoffMs } from '../session/backoff.ts';
import type { DeviceView } from '../view.ts';
import type { MeshDevice, MeshHost, MeshSelf } from './mesh-host.ts';
import { neighbours } from './neighbours.ts';
import type { PeerUse } from './peer.ts';
import { PeerLink } from './peer-link.ts';
import { readSignal, sealSignal, signalInfo, verifyDescription } from './signal-proof.ts';

type SignalFrame = Extract<ServerFrame, { type: 'signal' }>;

interface Slot {
  readonly pool: Ref;
  readonly remote: MeshDevice;
  active: PeerLink | undefined;
  pending: PeerLink | undefined;
  attempt: number;
  /** Why the last attempt was in vain. */
  trouble: PathTrouble | undefined;
  /** Signals leave in the order they were made: a candidate means nothing before its description. */
  sending: Promise<void>;
  cancelRetry: (() => void) | undefined;
}

/** A beginning this young is not begun again. */
const FRESH_MS = 4_000;
/** Times that the other device was asked to begin, and did not, before that is told. */
const UNANSWERED_MAX = 3;

export class Mesh {
  readonly #host: MeshHost;
  readonly #slots = new Map<string, Slot>();
  /** Devices online per pool, as the servers say. */
  readonly #online = new Map<string, ReadonlySet<string>>();
  readonly #queues = new Map<string, { length: number; tail: Promise<void> }>();
  readonly #finished = new Set<string>();
  #offersMinute = 0;
  readonly #offers = new Map<string, number>();
  #stopped = false;

  constructor(host: MeshHost) {
    this.#host = host;
  }

  stop(): void {
    this.#stopped = true;
    for (const slot of this.#slots.values()) this.#clear(slot);
  }

  isOnline(pool: string, device: string): boolean {
    return this.#online.get(pool)?.has(device) ?? false;
  }

  path(pool: string, device: string): Pick<DeviceView, 'path' | 'roundTripMs' | 'trouble'> {
    const slot = this.#slots.get(`${pool}/${device}`);
    if (slot?.active !== undefined) {
      const { roundTripMs, relayed } = slot.active;
      return {
        path: relayed ? 'relayed' : 'direct',
        ...(roundTripMs === undefined ? {} : { roundTripMs: Math.round(roundTripMs) }),
      };
    }
    const online = this.isOnline(pool, device);
    if (online && slot?.trouble !== undefined)
      return { path: 'unreachable', trouble: slot.trouble };
    const trying = slot?.pending !== undefined || online;
    return { path: trying ? 'connecting' : 'offline' };
  }

  presence(pool: Ref, devices: readonly { readonly user: Ref; readonly device: Bytes }[]): void {
    this.#online.set(toHex(pool[1]), new Set(devices.map(({ device }) => toHex(device))));
    this.review(pool);
    for (const { device, user } of devices) {
      if (this.#host.device(pool, device) === undefined) {
        void this.#host.learn(pool, user).then(() => this.review(pool));
      }
    }
  }

  /** Brings the connections of a pool in line with who is online and who is verified. */
  review(pool: Ref): void {
    const self = this.#host.self();
    if (self === undefined || this.#stopped) return;
    const poolId = toHex(pool[1]);
    const online = this.#online.get(poolId) ?? new Set();
    const mine = toHex(self.device);
    const known = [...online].filter((id) => id !== mine && this.#find(pool, id) !== undefined);
    const wanted = new Set(neighbours([mine, ...known], mine));
    for (const [key, slot] of this.#slots) {
      if (!key.startsWith(poolId)) continue;
      const id = toHex(slot.remote.device);
      if (this.#find(pool, id) === undefined) this.#clear(slot);
      else if (!wanted.has(id) && slot.active === undefined) this.#clear(slot);
    }
    for (const id of wanted) {
      const slot = this.#slot(pool, id);
      if (slot && !slot.active && !slot.pending && !slot.cancelRetry) this.#connect(slot);
    }
    this.#host.onChanged(pool);
  }

  /** This device may be on another network: what is connected finds new paths, what is not is tried at once. */
  networkChanged(): void {
    for (const slot of [...this.#slots.values()]) {
      slot.attempt = 0;
      slot.cancelRetry?.();
      slot.cancelRetry = undefined;
      slot.active?.networkChanged();
      this.review(slot.pool);
    }
  }

  /** Of every open connection, by device; of those to one device in several pools, the newest. */
  async measurePaths(): Promise<ReadonlyMap<string, PathMeasurement>> {
    const measured = new Map<string, PathMeasurement>();
    for (const { active } of [...this.#slots.values()]) {
      const path = await active?.measure().catch(() => undefined);
      if (active !== undefined && path !== undefined) measured.set(active.device, path);
    }
    return measured;
  }

  /** By device, as PathProbe tells it; takes about two seconds. */
  async measureLosses(): Promise<ReadonlyMap<string, number>> {
    const lost = new Map<string, number>();
    const links = [...this.#slots.values()].flatMap(({ active }) => active ?? []);
    await Promise.all(
      links.map(async (link) => {
        const share = await link.lostShare();
        if (share !== undefined) lost.set(link.device, share);
      }),
    );
    return lost;
  }

  /** Credentials for relays are new: what goes over one takes them before the old ones end. */
  renewRelays(): void {
    for (const slot of this.#slots.values()) {
      if (slot.active?.relayed === true && !slot.active.renew()) this.#connect(slot);
    }
  }

  /** Other paths may be taken than before: every connection is made anew. */
  startOver(): void {
    const pools = new Map([...this.#slots.values()].map(({ pool }) => [toHex(pool[1]), pool]));
    for (const slot of [...this.#slots.values()]) this.#clear(slot);
    for (const pool of pools.values()) this.review(pool);
  }

  onSignal(frame: SignalFrame): void {
    const key = `${toHex(frame.pool[1])}/${toHex(frame.from)}`;
    const held = this.#queues.get(key);
    if (held === undefined && this.#queues.size >= SIGNAL_SENDERS_MAX) return;
    const queue = held ?? { length: 0, tail: Promise.resolve() };
    if (queue.length >= SIGNALS_QUEUED_MAX) return;
    queue.length++;
    this.#queues.set(key, queue);
    queue.tail = queue.tail
      .then(() => this.#take(frame))
      .catch(() => {})
      .finally(() => {
        queue.length--;
        if (queue.length === 0) this.#queues.delete(key);
      });
  }

  #find(pool: Ref, id: string): MeshDevice | undefined {
    const device = fromHex(id);
    return device && this.#host.device(pool, device);
  }

  #slot(pool: Ref, id: string): Slot | undefined {
    const key = `${toHex(pool[1])}/${id}`;
    const held = this.#slots.get(key);
    if (held !== undefined) return held;
    const remote = this.#find(pool, id);
    if (remote === undefined || this.#slots.size >= CONNECTIONS_MAX) return undefined;
    const slot: Slot = {
      pool,
      remote,
      active: undefined,
      pending: undefined,
      attempt: 0,
      trouble: undefined,
      sending: Promise.resolve(),
      cancelRetry: undefined,
    };
    this.#slots.set(key, slot);
    return slot;
  }

  #clear(slot: Slot): void {
    this.#slots.delete(`${toHex(slot.pool[1])}/${toHex(slot.remote.device)}`);
    slot.cancelRetry?.();
    slot.pending?.close();
    slot.active?.close();
  }

  #connect(slot: Slot): void {
    const self = this.#host.self();
    if (this.#host.lacksRelay) slot.trouble = trouble('noRelay');
    if (self === undefined || this.#host.paths() === undefined) return;
    if (toHex(self.device) > toHex(slot.remote.device)) {
      this.#begin(slot, this.#host.platform.random.bytes(16), true);
      return;
    }
    const signal = { type: 'restart' as const, pool: slot.pool[1], connection: new Uint8Array(16) };
    void this.#send(slot, signal);
    if (slot.attempt >= UNANSWERED_MAX) slot.trouble ??= trouble('noAnswer');
    this.#retryLater(slot);
  }

  #begin(slot: Slot, connection: Bytes, initiator: boolean): PeerLink | undefined {
    const self = this.#host.self();
    const paths = this.#host.paths();
    if (self === undefined || paths === undefined || this.#stopped) return undefined;
    const before = slot.pending;
    const { platform } = this.#host;
    const party = {
      pool: slot.pool[1],
      self: self.device,
      remote: slot.remote.device,
      remoteUser: slot.remote.user[1],
      remotePoint: slot.remote.sign,
      connection,
      initiator,
    };
    const host = {
      platform,
      sign: (message: Bytes) => self.sign(message),
      poolHead: () => this.#host.poolHead(slot.pool),
      paths: () => this.#host.paths(),
      answerTimeoutMs: ANSWER_TIMEOUT_FIRST_MS * 2 ** slot.attempt,
      sendSignal: (signal: PeerSignal) => this.#send(slot, signal),
      onBound: (link: PeerLink, head: Head) => this.#bound(slot, link, head),
      onClosed: (link: PeerLink) => this.#closed(slot, link),
      onPathChanged: () => this.#host.onChanged(slot.pool),
    };
    slot.pending = new PeerLink(party, host, paths);
    before?.close();
    return slot.pending;
  }

  #bound(slot: Slot, link: PeerLink, head: Head): PeerUse {
    const before = slot.active;
    slot.active = link;
    if (slot.pending === link) slot.pending = undefined;
    slot.attempt = 0;
    slot.trouble = undefined;
    slot.cancelRetry?.();
    slot.cancelRetry = undefined;
    before?.close();
    const use = this.#host.onPeer(link, head);
    this.#host.onChanged(slot.pool);
    return use;
  }

  #closed(slot: Slot, link: PeerLink): void {
    if (this.#finished.size >= CONNECTIONS_REMEMBERED_MAX) {
      this.#finished.delete(this.#finished.values().next().value ?? '');
    }
    this.#finished.add(toHex(link.party.connection));
    if (slot.pending === link) {
      slot.pending = undefined;
      slot.trouble = link.trouble ?? slot.trouble;
    } else if (slot.active === link) {
      slot.active = undefined;
      slot.trouble = undefined;
    } else return;
    if (!slot.active && !slot.pending) this.#retryLater(slot);
    this.#host.onChanged(slot.pool);
  }

  #retryLater(slot: Slot): void {
    if (this.#stopped) return;
    const range = { firstMs: CONNECT_RETRY_FIRST_MS, maxMs: CONNECT_RETRY_MAX_MS };
    const { clock, random } = this.#host.platform;
    slot.cancelRetry?.();
    // The asking side waits a little longer, so that what it asked for can happen.
    const wait = backoffMs(range, slot.attempt++, random) + (this.#begins(slot) ? 0 : FRESH_MS);
    slot.cancelRetry = clock.after(wait, () => {
      slot.cancelRetry = undefined;
      this.review(slot.pool);
    });
  }

  #begins(slot: Slot): boolean {
    const self = this.#host.self();
    return self !== undefined && toHex(self.device) > toHex(slot.remote.device);
  }

  #send(slot: Slot, signal: PeerSignal): Promise<void> {
    const step = async () => {
      const self = this.#host.self();
      if (self === undefined || this.#stopped) return;
      const { device, ecdh } = slot.remote;
      const info = signalInfo(slot.pool[1], self.device, device);
      const body = await sealSignal(this.#host.platform.crypto, signal, ecdh, info);
      await this.#host.signal(slot.pool, device, body);
    };
    slot.sending = slot.sending.then(step).catch(() => {});
    return slot.sending;
  }

  async #take(frame: SignalFrame): Promise<void> {
    const self = this.#host.self();
    if (self === undefined || this.#stopped) return;
    if (this.#host.device(frame.pool, frame.from) === undefined) {
      await this.#host.learn(frame.pool, frame.user);
    }
    const slot = this.#slot(frame.pool, toHex(frame.from));
    if (slot === undefined) return;
    const info = signalInfo(frame.pool[1], frame.from, self.device);
    const plain = await self.open(frame.body, info);
    if (plain === undefined) return;
    const signal = readSignal(plain, frame.pool[1]);
    if (!signal.ok) return;
    const { value } = signal;
    if (value.type === 'description') await this.#describe(slot, value, self);
    else if (value.type === 'candidate') {
      this.#linkOf(slot, value.connection)?.takeCandidate(value.candidate, value.mid);
    } else {
      this.#restart(slot);
    }
  }

  async #describe(slot: Slot, description: SignedDescription, self: MeshSelf): Promise<void> {
    const { platform } = this.#host;
    const verified = await verifyDescription(platform.crypto, description, {
      pool: slot.pool[1],
      from: slot.remote.device,
      to: self.device,
      point: slot.remote.sign,
      nowMs: platform.clock.nowMs(),
    });
    if (!verified.ok) return;
    let link = this.#linkOf(slot, description.connection);
    if (link === undefined) {
      const fresh =
        description.role === 'offer' &&
        !this.#begins(slot) &&
        !this.#finished.has(toHex(description.connection)) &&
        this.#offerAllowed(toHex(slot.remote.device));
      if (!fresh) return;
      link = this.#begin(slot, description.connection, false);
    }
    link?.takeDescription(verified.value);
  }

  #restart(slot: Slot): void {
    if (!this.#begins(slot)) return;
    const now = this.#host.platform.clock.nowMs();
    if (slot.pending !== undefined && now - slot.pending.createdMs < FRESH_MS) return;
    if (slot.active !== undefined && now - slot.active.createdMs < FRESH_MS) return;
    if (!this.#offerAllowed(toHex(slot.remote.device))) return;
    this.#begin(slot, this.#host.platform.random.bytes(16), true);
  }

  #linkOf(slot: Slot, connection: Bytes): PeerLink | undefined {
    return [slot.active, slot.pending].find(
      (link) => link !== undefined && equalBytes(link.party.connection, connection),
    );
  }

  #offerAllowed(device: string): boolean {
    const minute = Math.floor(this.#host.platform.clock.nowMs() / 60_000);
    if (minute !== this.#offersMinute) this.#offers.clear();
    this.#offersMinute = minute;
    const count = (this.#offers.get(device) ?? 0) + 1;
    this.#offers.set(device, count);
    return count <= OFFERS_PER_MINUTE_MAX;
  }
}
