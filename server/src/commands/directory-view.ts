// This node's applied rows as the gateway and the hub ask for them. Members of pools are kept in
// memory, because each fetch and each signal asks for them; a change of the pool drops them.

import { type Cluster, ClusterError } from '@rockpool/cluster';
import {
  type Bytes,
  equalBytes,
  isDeviceActive,
  type PoolState,
  type Ref,
  slotOf,
  toHex,
  type UserState,
} from '@rockpool/protocol';
import type { BranchesRow, PoolBranchState } from '../directory/branch-rows.ts';
import type { GraceRow } from '../directory/grace.ts';
import {
  admins,
  type ChainName,
  type ChainPage,
  chainPage,
  firstAdmin,
  meetingTries,
  memberEvidence,
  pendingAccount,
  poolState,
  poolsOf,
  userByHandle,
  userState,
} from '../directory/queries.ts';
import type { FirstAdminRow, MeetingTriesRow, PendingAccountRow } from '../directory/rows.ts';
import { branchesOf, graceOf, poolBranchState, userBranchState } from '../grace/grace-queries.ts';
import { gracesOf, lastEndMs } from '../grace/grace-status.ts';

/** Pools whose members are kept in memory. */
const MEMBERS_CACHED_MAX = 1024;
/** How long a read may wait for what other nodes committed, before it takes what is here. */
const CATCH_UP_TIMEOUT_MS = 1000;

type Members = ReadonlySet<string>;

export class DirectoryView {
  readonly #cluster: Cluster;
  readonly #nowMs: () => number;
  readonly #members = new Map<string, Promise<Members | undefined>>();
  #claimed = false;
  /** Each hello asks for them. */
  #graces: ReturnType<typeof gracesOf> | undefined;

  constructor(cluster: Cluster, nowMs: () => number) {
    this.#cluster = cluster;
    this.#nowMs = nowMs;
  }

  user(ref: Ref): Promise<UserState | undefined> {
    return userState(this.#cluster, ref);
  }

  userByHandle(handle: Bytes): Promise<UserState | undefined> {
    return userByHandle(this.#cluster, handle);
  }

  pool(ref: Ref): Promise<PoolState | undefined> {
    return poolState(this.#cluster, ref);
  }

  poolsOf(user: Ref): Promise<readonly Ref[]> {
    return poolsOf(this.#cluster, user);
  }

  pendingAccount(user: Ref): Promise<PendingAccountRow | undefined> {
    return pendingAccount(this.#cluster, user);
  }

  meetingTries(user: Ref): Promise<MeetingTriesRow | undefined> {
    return meetingTries(this.#cluster, user);
  }

  memberEvidence(pool: Ref, user: Ref): Promise<UserState | undefined> {
    return memberEvidence(this.#cluster, pool, user);
  }

  page(chain: ChainName, ref: Ref, from: number): Promise<ChainPage | undefined> {
    return chainPage(this.#cluster, chain, ref, from);
  }

  /** Of the group that holds this chain. */
  grace(ref: Ref): Promise<GraceRow | undefined> {
    return graceOf(this.#cluster, this.#cluster.groupOf(ref[0]));
  }

  /** When chains go on everywhere; undefined where they do. */
  async graceEndMs(): Promise<number | undefined> {
    this.#graces ??= gracesOf(this.#cluster).catch((error: unknown) => {
      this.#graces = undefined;
      throw error;
    });
    return lastEndMs(await this.#graces, this.#nowMs());
  }

  /** What is remembered of graces is old. */
  graceChanged(): void {
    this.#graces = undefined;
  }

  branches(ref: Ref): Promise<BranchesRow | undefined> {
    return branchesOf(this.#cluster, ref);
  }

  userBranch(user: Ref, hash: Bytes): Promise<UserState | undefined> {
    return userBranchState(this.#cluster, user, hash);
  }

  poolBranch(pool: Ref, hash: Bytes): Promise<PoolBranchState | undefined> {
    return poolBranchState(this.#cluster, pool, hash);
  }

  firstAdmin(): Promise<FirstAdminRow | undefined> {
    return firstAdmin(this.#cluster);
  }

  /** True until the first administrator has claimed this place. */
  async unclaimed(): Promise<boolean> {
    this.#claimed ||= (await admins(this.#cluster)).length > 0;
    return !this.#claimed;
  }

  /** User ids (hex) of a pool's members; undefined for an unknown pool. */
  poolMembers(ref: Ref): Promise<Members | undefined> {
    // Under a wrong slot there is no pool, and what is remembered must not say so of the real one.
    if (slotOf(ref[1]) !== ref[0]) return Promise.resolve(undefined);
    const key = toHex(ref[1]);
    const known = this.#members.get(key);
    if (known !== undefined) return known;
    const read = this.#readMembers(key, ref);
    this.#members.set(key, read);
    if (this.#members.size > MEMBERS_CACHED_MAX) {
      for (const oldest of this.#members.keys()) {
        this.#members.delete(oldest);
        break;
      }
    }
    return read;
  }

  /** Any chain may have grown. */
  stateReplaced(): void {
    this.#members.clear();
    this.graceChanged();
  }

  /** The pool's chain has grown: what is remembered of it is old. */
  poolChanged(ref: Ref): void {
    this.#members.delete(toHex(ref[1]));
  }

  async poolHasDevice(pool: Ref, device: Bytes): Promise<boolean> {
    for (const member of (await this.pool(pool))?.members ?? []) {
      const user = await this.user(member.user);
      if (user?.devices.some(({ id }) => equalBytes(id, device)) === true) return true;
    }
    return false;
  }

  async deviceActive(user: Ref, device: Bytes): Promise<boolean> {
    const state = await this.user(user);
    const entry = state?.devices.find(({ id }) => equalBytes(id, device));
    return entry !== undefined && isDeviceActive(entry, this.#nowMs());
  }

  /** Waits a moment for what other nodes committed; without a quorum this node's state stands. */
  async catchUp(ref: Ref): Promise<void> {
    try {
      await this.#cluster.barrier(ref[0], { timeoutMs: CATCH_UP_TIMEOUT_MS });
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
    }
  }

  async #readMembers(key: string, ref: Ref): Promise<Members | undefined> {
    const state = await this.pool(ref).catch((error: unknown) => {
      this.#members.delete(key);
      throw error;
    });
    // Whether a pool exists may change at any moment without an event that names it here.
    if (state === undefined) this.#members.delete(key);
    return state && new Set(state.members.map(({ user }) => toHex(user[1])));
  }
}
