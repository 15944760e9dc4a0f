// A whole client for tests: the real engine over the fakes, with what a person would do with it.

import { randomBytes, webcrypto } from 'node:crypto';
import { toBase64url } from '@rockpool/protocol';
import {
  type ActionResult,
  type ClientView,
  createDeviceKeys,
  createRockpool,
  createWebCrypto,
  type Entry,
  type FileEntry,
  type FileSource,
  type KeyStore,
  type Platform,
  type PoolView,
  type Rockpool,
} from '../src/index.ts';
import { FAKE_ORIGIN, FakeCluster } from './fake-cluster.ts';
import { FakeNetwork } from './fake-network.ts';
import { FakeAuthenticator } from './fake-passkeys.ts';
import { FakePeerNetwork } from './fake-peers.ts';
import { fakeSockets } from './fake-sockets.ts';
import { MemoryBlobs, MemoryStore } from './memory-store.ts';
import { VirtualTime } from './virtual-time.ts';

export class TestWorld {
  readonly time = new VirtualTime();
  readonly cluster = new FakeCluster(this.time);
  readonly peers = new FakePeerNetwork(this.time);

  get adminFragment(): string {
    return `admin=${toBase64url(this.cluster.adminToken)}`;
  }

  device(authenticator = new FakeAuthenticator()): TestDevicePlace {
    return new TestDevicePlace(this, authenticator);
  }
}

class MemoryKeys implements KeyStore {
  readonly #pairs = new Map<string, CryptoKeyPair>();
  async get(name: string) {
    return this.#pairs.get(name);
  }
  async put(name: string, pair: CryptoKeyPair) {
    this.#pairs.set(name, pair);
  }
  async delete(name: string) {
    this.#pairs.delete(name);
  }
}

/** Tracks every asynchronous call of a port, so that virtual time waits for it. */
function tracked<T extends object>(time: VirtualTime, port: T): T {
  return new Proxy(port, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(value, target, args);
        return result instanceof Promise ? time.track(result) : result;
      };
    },
  });
}

/** A browser profile: its store, blobs and keys outlive the tabs opened in it. */
export class TestDevicePlace {
  readonly world: TestWorld;
  readonly authenticator: FakeAuthenticator;
  store = new MemoryStore();
  readonly blobs = new MemoryBlobs();
  readonly network = new FakeNetwork();
  readonly #keys = new MemoryKeys();

  constructor(world: TestWorld, authenticator: FakeAuthenticator) {
    this.world = world;
    this.authenticator = authenticator;
  }

  platform(fragment = '', owner: object = {}): Platform {
    const { time, cluster, peers } = this.world;
    const subtle = webcrypto.subtle as unknown as Parameters<typeof createWebCrypto>[0];
    return {
      clock: time,
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      sockets: fakeSockets(cluster, owner),
      peers: peers.port(owner),
      network: this.network,
      store: tracked(time, this.store),
      blobs: tracked(time, this.blobs),
      keys: tracked(time, createDeviceKeys(subtle, this.#keys)),
      crypto: tracked(time, createWebCrypto(subtle)),
      passkeys: tracked(time, this.authenticator.port(FAKE_ORIGIN)),
      deviceKind: 'browser',
      arrivalFragment: fragment,
      clearArrival: () => {},
    };
  }

  open(fragment = ''): TestClient {
    const tab = {};
    return new TestClient(this.world, createRockpool(this.platform(fragment, tab)), tab);
  }
}

export class TestClient {
  readonly world: TestWorld;
  readonly rockpool: Rockpool;
  readonly #tab: object;

  constructor(world: TestWorld, rockpool: Rockpool, tab: object) {
    this.#tab = tab;
    this.world = world;
    this.rockpool = rockpool;
  }

  get view(): ClientView {
    return this.rockpool.view();
  }

  get pool(): PoolView {
    const [pool] = this.view.pools;
    if (pool === undefined) throw new Error('no pool yet');
    return pool;
  }

  get texts(): readonly string[] {
    return (this.view.pools[0]?.entries ?? []).flatMap((entry) =>
      entry.kind === 'text' ? [entry.text] : [],
    );
  }

  get files(): readonly FileEntry[] {
    const entries: readonly Entry[] = this.view.pools[0]?.entries ?? [];
    return entries.filter((entry) => entry.kind === 'file');
  }

  /** Devices of others with an open connection. */
  get connected(): number {
    const members = this.view.pools[0]?.members ?? [];
    return members
      .flatMap((member) => member.devices)
      .filter(({ isThis, path }) => !isThis && (path === 'direct' || path === 'relayed')).length;
  }

  until(what: string, condition: () => boolean, limitMs?: number): Promise<void> {
    return this.world.time.until(what, condition, limitMs);
  }

  /** Waits for an action and answers its value; throws its code where it failed. */
  async done<T>(action: Promise<ActionResult<T>>): Promise<T> {
    const result = await this.world.time.settled(action);
    if (!result.ok) throw new Error(result.error.code);
    return result.value;
  }

  /** The code with which an action fails. */
  async fails(action: Promise<ActionResult<unknown>>): Promise<string> {
    const result = await this.world.time.settled(action);
    return result.ok ? 'succeeded' : result.error.code;
  }

  /** What a test types; goes to the one pool. */
  say(text: string): Promise<unknown> {
    return this.done(this.rockpool.sendText(this.pool.id, text));
  }

  async inviteFragment(): Promise<string> {
    const { link } = await this.done(this.rockpool.invite(this.pool.id));
    return link.slice(link.indexOf('#') + 1);
  }

  /** The way to the node is gone, and this side is not told. */
  loseNode(): void {
    this.world.cluster.vanish(this.#tab);
  }

  /** As if the power went: nobody is told. */
  crash(): Promise<void> {
    this.world.peers.vanish(this.#tab);
    this.world.cluster.vanish(this.#tab);
    return this.stop();
  }

  stop(): Promise<void> {
    return this.world.time.settled(this.rockpool.stop());
  }
}

export function fileOf(name: string, content: Uint8Array, mediaType = 'text/plain'): FileSource {
  return {
    name,
    size: content.length,
    mediaType,
    read: async (offset, length) => content.slice(offset, offset + length),
  };
}

/** Two people with one device each, connected in one pool. */
export async function twoInAPool(world = new TestWorld()) {
  const placeA = world.device();
  const placeB = world.device();
  const a = placeA.open(world.adminFragment);
  await a.done(a.rockpool.createAccount());
  await a.done(a.rockpool.createPool('Harbour'));
  const b = placeB.open(await a.inviteFragment());
  await b.done(b.rockpool.createAccount());
  await world.time.until('both are connected', () => a.connected === 1 && b.connected === 1);
  return { world, placeA, placeB, a, b };
}
