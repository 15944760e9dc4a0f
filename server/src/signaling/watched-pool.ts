// One pool that sockets of this node watch: who they are, and who is a member by this node's
// applied state. Presence is pushed at once when it changes, then paced by the size of the pool,
// so that a node's restart does not send everybody's list to everybody once per socket.

import { type Bytes, type Ref, toHex } from '@rockpool/protocol';

/** Longest wait between two presence pushes of a large pool. */
const PUSH_GAP_MAX_MS = 1000;
const PUSH_GAP_MS_PER_DEVICE = 2;
/** Looking for a device that is not online reads every member's chain: at once, then each second. */
const LOOKUPS_BURST = 20;
const LOOKUPS_PER_SECOND = 1;
/** Membership is read again when it changed meanwhile; more often than this nobody changes it. */
const LOAD_TRIES_MAX = 10;

/** What the hub needs of a socket that has shown its device. */
export interface HubSocket {
  readonly user: Ref;
  readonly device: Bytes;
  /** An encoded server frame. */
  push(frame: Bytes): void;
  end(code: 'AUTH_DEVICE_UNKNOWN' | 'CLUSTER_DRAINING'): void;
}

export type Members = ReadonlySet<string>;

export class WatchedPool {
  readonly ref: Ref;
  /** User ids (hex); undefined until they are read, or when there is no such pool. */
  members: Members | undefined;
  /** Requests that still wait for this pool. */
  holders = 0;
  readonly #byDevice = new Map<string, HubSocket[]>();
  #version = 0;
  #push: NodeJS.Timeout | undefined;
  #pushedAtMs = Number.NEGATIVE_INFINITY;
  #lookups = LOOKUPS_BURST;
  #lookedUpAtMs = 0;

  constructor(ref: Ref) {
    this.ref = ref;
  }

  /** Reads the members, again if the pool changed meanwhile. */
  async load(read: (pool: Ref) => Promise<Members | undefined>): Promise<void> {
    for (let tries = 0; tries < LOAD_TRIES_MAX; tries += 1) {
      const version = this.#version;
      this.members = await read(this.ref);
      if (version === this.#version) return;
    }
  }

  changed(): void {
    this.#version += 1;
  }

  hasMember(user: Ref): boolean {
    return this.members?.has(toHex(user[1])) === true;
  }

  add(socket: HubSocket): void {
    const id = toHex(socket.device);
    const sockets = this.#byDevice.get(id) ?? [];
    sockets.push(socket);
    this.#byDevice.set(id, sockets);
  }

  /** True when it was the device's last socket here. */
  remove(socket: HubSocket): boolean {
    const id = toHex(socket.device);
    const rest = (this.#byDevice.get(id) ?? []).filter((other) => other !== socket);
    if (rest.length > 0) this.#byDevice.set(id, rest);
    else this.#byDevice.delete(id);
    return rest.length === 0;
  }

  /** The device's newest socket: an older one may be a connection that is already dead. */
  socketOf(device: Bytes): HubSocket | undefined {
    return this.#byDevice.get(toHex(device))?.at(-1);
  }

  sockets(): readonly HubSocket[] {
    return [...this.#byDevice.values()].flat();
  }

  mayLookUp(nowMs: number): boolean {
    const gained = (Math.max(0, nowMs - this.#lookedUpAtMs) / 1000) * LOOKUPS_PER_SECOND;
    this.#lookups = Math.min(LOOKUPS_BURST, this.#lookups + gained);
    this.#lookedUpAtMs = nowMs;
    if (this.#lookups < 1) return false;
    this.#lookups -= 1;
    return true;
  }

  get empty(): boolean {
    return this.#byDevice.size === 0;
  }

  /** Runs `push` soon: at the end of the turn, or when the gap since the last one is over. */
  schedule(nowMs: number, devices: number, push: () => void): void {
    if (this.#push !== undefined) return;
    const gapMs = Math.min(PUSH_GAP_MAX_MS, devices * PUSH_GAP_MS_PER_DEVICE);
    const waitMs = Math.max(0, this.#pushedAtMs + gapMs - nowMs);
    this.#push = setTimeout(() => {
      this.#push = undefined;
      this.#pushedAtMs = nowMs + waitMs;
      push();
    }, waitMs);
  }

  close(): void {
    clearTimeout(this.#push);
    this.#push = undefined;
  }
}
