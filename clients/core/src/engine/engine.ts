// Puts the parts together and routes between them: frames of the servers to chains and mesh, frames
// of peers to their rooms, every change to the view. Decides nothing itself.

import { equalBytes, type Head, type Ref, type ServerFrame, toHex } from '@rockpool/protocol';
import { Chains } from '../chains/chains.ts';
import { Swarm } from '../files/swarm.ts';
import { type ArrivalSecret, readArrival } from '../identity/arrival.ts';
import { Linking } from '../linking/linking.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { PeerUse } from '../mesh/peer.ts';
import type { PeerLink } from '../mesh/peer-link.ts';
import { PathChoice } from '../paths/path-choice.ts';
import { PoolRoom } from '../pool/pool-room.ts';
import type { Platform } from '../ports.ts';
import { Session } from '../session/session.ts';
import {
  type Account,
  loadAccount,
  loadProfile,
  type Profile,
  saveAccount,
  saveProfile,
} from '../store/account.ts';
import { RowWriter } from '../store/row-writer.ts';
import type { Capabilities, ClientView, Notice, Stage } from '../view.ts';
import { ChainFollower } from './chain-follower.ts';
import { clientView, FIRST_VIEW, nameOfMe } from './client-view.ts';
import type { Core } from './core.ts';
import { NoticeList } from './notice-list.ts';
import { MEETS_ELSEWHERE } from './own-devices.ts';
import { Publisher } from './publisher.ts';
import { WatchList } from './watch-list.ts';

const LEARN_PAUSE_MS = 2_000;
const SIGNAL_TRIES_MAX = 3;
const STORE_BLOCKED = {
  reason: 'This device could not read or write its storage.',
  remedy: 'Free some space, allow storage for this page, and reload it.',
};

export class Engine implements Core {
  readonly platform: Platform;
  readonly writer: RowWriter;
  readonly session: Session;
  readonly chains: Chains;
  readonly mesh: Mesh;
  readonly paths: PathChoice;
  readonly swarm: Swarm;
  readonly rooms = new Map<string, PoolRoom>();
  readonly linking: Linking;
  readonly #watchList: WatchList;
  readonly #follower: ChainFollower;
  readonly #notices: NoticeList;
  readonly #publisher: Publisher;
  readonly #opening = new Map<string, Promise<PoolRoom>>();
  readonly #learning = new Map<string, { readonly atMs: number; readonly done: Promise<void> }>();
  #account: Account | undefined;
  #profile: Profile | undefined;
  #stage: Stage = 'starting';
  #capabilities: Capabilities = FIRST_VIEW.capabilities;
  #arrival: ArrivalSecret;
  #stopped = false;
  #unwatchNetwork: () => void = () => {};

  constructor(platform: Platform) {
    this.platform = platform;
    this.writer = new RowWriter(platform.store);
    this.#arrival = readArrival(platform.arrivalFragment);
    this.#notices = new NoticeList(platform.clock, () => this.changed());
    this.#publisher = new Publisher(platform.clock, (before) =>
      clientView(before, {
        core: this,
        stage: this.#stage,
        capabilities: this.#capabilities,
        arrival: this.#arrival,
        linking: this.linking.view,
        notices: this.#notices.notices,
      }),
    );
    this.linking = new Linking({ clock: platform.clock, changed: () => this.changed() });
    this.session = new Session(platform, {
      device: () => this.#sessionDevice(),
      onOnline: () => {
        // Who is met from here on may have to be met over a relay.
        void this.paths.refresh().then(() => this.#watchList.tell());
        this.#background(this.#follower.readAll());
      },
      onForgotten: (ask) => this.#follower.forgotten(ask),
      onPush: (frame) => this.#push(frame),
      onChange: () => this.#paths(),
      notify: (tone, text) => this.notify(tone, text),
    });
    this.chains = new Chains({
      crypto: platform.crypto,
      store: platform.store,
      writer: this.writer,
      ask: (request) => this.session.request(request),
      onChanged: () => {
        for (const room of this.rooms.values()) room.chainChanged();
      },
    });
    this.#follower = new ChainFollower(this);
    this.#watchList = new WatchList({
      clock: platform.clock,
      session: this.session,
      pools: () => [...this.rooms.values()].filter((room) => room.isMine).map((room) => room.ref),
      background: (work) => this.#background(work),
    });
    this.paths = new PathChoice({
      ...platform,
      writer: this.writer,
      nowMs: () => this.session.nowMs(),
      ask: (frame) => this.session.request(frame),
      stunUrls: () => this.session.hello?.stun ?? [],
      onRenewed: () => this.mesh.renewRelays(),
      onOtherPaths: () => this.mesh.startOver(),
    });
    this.mesh = this.#createMesh();
    this.swarm = new Swarm({
      platform,
      writer: this.writer,
      onChanged: (id) => {
        for (const room of this.rooms.values()) room.fileChanged(id);
      },
    });
  }

  async start(): Promise<void> {
    try {
      await this.#start();
    } catch {
      this.#capabilities = { ...this.#capabilities, usable: false, blockedBy: STORE_BLOCKED };
      this.#enter('blocked');
    }
  }

  async #start(): Promise<void> {
    this.#capabilities = await this.platform.passkeys.capabilities();
    if (!this.#capabilities.usable) return this.#enter('blocked');
    const account = await this.#heldAccount();
    this.#profile = await loadProfile(this.platform.store);
    await this.paths.load();
    await this.chains.load();
    if (account !== undefined && account.expiry > this.platform.clock.nowMs()) {
      this.#account = account;
      for (const ref of this.chains.poolRefs()) await this.#openRoom(ref);
    } else if (account !== undefined) {
      this.notify('info', 'The sign-in of this device has expired. Sign in again to go on.');
    }
    if (this.#stopped) return;
    const { arrival } = this;
    // A link into a pool that this person is in has nothing to offer.
    if (arrival.kind === 'invite' && this.isMemberOf(arrival.invite.pool)) this.forgetArrival();
    this.#enter(this.#account === undefined ? 'signedOut' : 'signedIn');
    this.session.start();
    this.#unwatchNetwork = this.platform.network.watch(() => {
      void this.session.networkChanged().then(() => this.mesh.networkChanged());
    });
  }

  /** An account without its keys is none. */
  async #heldAccount(): Promise<Account | undefined> {
    const account = await loadAccount(this.platform.store);
    const keys = account && (await this.platform.keys.load(account.keys));
    return keys && account;
  }

  isMemberOf(pool: Ref): boolean {
    return this.rooms.get(toHex(pool[1]))?.isMine === true;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unwatchNetwork();
    void this.linking.cancel();
    this.#publisher.stop();
    this.paths.stop();
    this.session.stop();
    this.mesh.stop();
    await this.swarm.stop();
    for (const room of this.rooms.values()) room.saveNow();
    await this.writer.settled();
  }

  view(): ClientView {
    return this.#publisher.view;
  }

  subscribe(listener: () => void): () => void {
    return this.#publisher.subscribe(listener);
  }

  get arrival(): ArrivalSecret {
    return this.#arrival;
  }

  /** The link has been used, or is not wanted: its secret goes. */
  forgetArrival(): void {
    this.#arrival = { kind: 'none' };
    this.platform.clearArrival();
    this.changed();
  }

  account(): Account | undefined {
    return this.#account;
  }

  profile(): Profile | undefined {
    return this.#profile;
  }

  async keepProfile(profile: Profile): Promise<void> {
    this.#profile = profile;
    await saveProfile(this.writer, profile);
    this.changed();
  }

  sign(message: Uint8Array): Promise<Uint8Array> {
    if (this.#account === undefined) throw new Error('no device to sign with');
    return this.platform.keys.sign(this.#account.keys, message);
  }

  async adoptAccount(account: Account): Promise<void> {
    await saveAccount(this.writer, account);
    this.#account = account;
    this.#profile = await loadProfile(this.platform.store);
    await this.session.authenticate();
    this.#enter('signedIn');
  }

  isKnownDevice(account: Account): Promise<boolean> {
    return this.session.knows(this.#deviceOf(account));
  }

  openPool(ref: Ref): Promise<PoolRoom> {
    return this.#openRoom(ref).then(async (room) => {
      this.#watchList.tell();
      await this.#introduce(room);
      return room;
    });
  }

  async learn(pool: Ref, user?: Ref): Promise<void> {
    const key = `${toHex(pool[1])}/${user === undefined ? '' : toHex(user[1])}`;
    const now = this.platform.clock.nowMs();
    const before = this.#learning.get(key);
    if (before !== undefined && now - before.atMs < LEARN_PAUSE_MS) return before.done;
    const refresh = async () => {
      await this.chains.refreshPool(pool);
      if (user !== undefined) await this.chains.refreshUser(user);
    };
    const done = refresh();
    this.#learning.set(key, { atMs: now, done });
    if (this.#learning.size > 1_000) this.#learning.clear();
    return done;
  }

  changed(): void {
    this.#publisher.soon();
  }

  /** Shows now what an action has done, so that its caller finds it in the view. */
  showNow(): void {
    for (const room of this.rooms.values()) room.pathsChanged();
    this.#publisher.now();
  }

  notify(tone: Notice['tone'], text: string): void {
    this.#notices.add(tone, text);
  }

  #enter(stage: Stage): void {
    this.#stage = stage;
    this.changed();
  }

  #paths(): void {
    for (const room of this.rooms.values()) room.pathsChanged();
    this.changed();
  }

  #sessionDevice() {
    return this.#account && this.#deviceOf(this.#account);
  }

  #deviceOf({ realm, user, device, keys }: Account) {
    const sign = (message: Uint8Array) => this.platform.keys.sign(keys, message);
    return { realm, user, device, sign };
  }

  #createMesh(): Mesh {
    const { paths } = this;
    const room = (ref: Ref) => this.rooms.get(toHex(ref[1]));
    return new Mesh({
      platform: this.platform,
      self: () => {
        const account = this.#account;
        if (account === undefined) return undefined;
        return {
          device: account.device,
          sign: (message) => this.sign(message),
          open: (sealed, info) => this.platform.keys.open(account.keys, sealed, info),
        };
      },
      // A server may show any pool's chain: whoever is not in it meets nobody there.
      device: (pool, device) => (room(pool)?.isMine ? room(pool)?.device(device) : undefined),
      learn: (pool, user) => this.learn(pool, user),
      poolHead: (pool) => room(pool)?.head ?? [0, pool[1]],
      paths: () => paths.current(),
      get lacksRelay() {
        return paths.lacksRelay;
      },
      signal: (pool, to, body) => this.#signal(pool, to, body),
      onPeer: (link, head) => this.#peer(link, head),
      onChanged: (pool) => room(pool)?.pathsChanged(),
    });
  }

  async #signal(pool: Ref, to: Uint8Array, body: Uint8Array): Promise<void> {
    for (let tries = 0; tries < SIGNAL_TRIES_MAX; tries++) {
      const refused = await this.session.tell({ type: 'signal', pool, to, body });
      if (refused === 'offline' || refused?.code !== 'LIMIT_RATE') return;
      await this.session.pause(tries + 1);
    }
  }

  #peer(link: PeerLink, head: Head): PeerUse {
    const room = this.rooms.get(link.pool);
    if (room === undefined) throw new Error('a peer belongs to a room');
    const shown = this.chains.peerHead(room.ref, head);
    room.peerDiffers(link.device, shown === 'other');
    if (shown === 'newer' || shown === 'other') {
      const seq = shown === 'newer' ? head[0] : 0;
      this.#background(this.chains.refreshPool(room.ref).then(() => room.peerKnows(seq)));
    }
    return room.use(link);
  }

  /** Work that nobody waits for. What fails in it is the store. */
  #background(work: Promise<unknown>): void {
    work.catch(() => this.notify('bad', STORE_BLOCKED.reason));
  }

  #push(frame: ServerFrame): void {
    if (frame.type === 'presence') {
      if (this.rooms.has(toHex(frame.pool[1]))) this.mesh.presence(frame.pool, frame.devices);
    } else if (frame.type === 'signal') {
      if (this.rooms.has(toHex(frame.pool[1]))) this.mesh.onSignal(frame);
    } else if (frame.type === 'changed') {
      this.#background(this.#follower.grown(frame.chain, frame.ref));
    } else if (frame.type === 'meets') {
      const { device } = this.#account ?? {};
      if (device !== undefined && !equalBytes(device, frame.device)) {
        this.notify('info', MEETS_ELSEWHERE);
      }
    } else if (frame.type === 'met' || frame.type === 'passed' || frame.type === 'parted') {
      this.linking.push(frame);
    }
  }

  #openRoom(ref: Ref): Promise<PoolRoom> {
    const id = toHex(ref[1]);
    const held = this.rooms.get(id);
    if (held !== undefined) return Promise.resolve(held);
    let opening = this.#opening.get(id);
    if (opening === undefined) {
      opening = this.#loadRoom(ref).finally(() => this.#opening.delete(id));
      this.#opening.set(id, opening);
    }
    return opening;
  }

  async #loadRoom(ref: Ref): Promise<PoolRoom> {
    if (this.#account === undefined) throw new Error('a room needs an account');
    const room = new PoolRoom(this, ref, this.#account);
    await room.load();
    this.rooms.set(room.id, room);
    this.changed();
    return room;
  }

  /** Tells a pool how the person is called, where they have said so and it does not know. */
  async #introduce(room: PoolRoom): Promise<void> {
    const account = this.#account;
    const tag = nameOfMe(this);
    if (account === undefined || tag === undefined || !room.isMine) return;
    const told = room.people.tag(toHex(account.user[1]));
    if (told?.name === tag.name && told.hue === tag.hue) return;
    await room.write('profile', { v: 1, name: tag.name, hue: tag.hue });
  }
}
