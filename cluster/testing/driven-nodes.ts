// Drivers of one cluster in one process, on disks in memory and without sockets: what one sends, another is
// given in a later turn. Time is stepped; disks can be held back, and frames lost.

import type { PeerMessage } from '../src/core/messages.ts';
import type { RaftLimits } from '../src/core/types.ts';
import type { AppliedEntry } from '../src/driver/apply-commands.ts';
import { Driver } from '../src/driver/driver.ts';
import { FRAME_KIND, type FrameKind } from '../src/format/peer-frame.ts';
import { decodeRaftBundle } from '../src/format/peer-payload.ts';
import { KEY_KIND } from '../src/format/store-key.ts';
import { MetaState } from '../src/meta/meta-state.ts';
import { firstRows } from '../src/node/init-cluster.ts';
import { loadMembers } from '../src/node/load-members.ts';
import type { StateMachine } from '../src/ports.ts';
import { LogStore } from '../src/store/log-store.ts';
import { IDENTITY } from './log-store-suite.ts';
import { MemoryDisk } from './memory-store.ts';
import { SteppedClock } from './stepped-clock.ts';
import { TestLog } from './test-nodes.ts';

export const DRIVEN_TIMING = { tickMs: 10, electionTicks: 10, heartbeatTicks: 2 };
const LIMIT = 1_000_000;
export const DRIVEN_LIMITS = {
  appendBytesMax: LIMIT,
  inflightAppendsMax: 64,
  inflightBytesMax: LIMIT,
  uncommittedBytesMax: LIMIT,
  applyBytesMax: LIMIT,
  logEntriesKept: 1_000,
  logBytesKept: LIMIT,
  logBytesMax: LIMIT,
  readsMax: 100,
};

export interface SentFrame {
  readonly to: string;
  readonly kind: FrameKind;
  readonly payload: Uint8Array;
}

export class DrivenNode {
  readonly id: string;
  readonly disk = new MemoryDisk();
  readonly log = new TestLog();
  readonly sent: SentFrame[] = [];
  readonly leads = new Set<number>();
  driver: Driver | undefined;
  store: LogStore | undefined;
  onApplied: (entries: readonly AppliedEntry[]) => void = () => {};
  #hanging: PromiseWithResolvers<void> | undefined;

  constructor(id: string) {
    this.id = id;
  }

  /** From here on no write of the node comes back. */
  hangDisk(): void {
    this.#hanging = Promise.withResolvers();
    this.disk.gate = this.#hanging.promise;
  }

  freeDisk(): void {
    this.disk.gate = undefined;
    this.#hanging?.resolve();
  }

  /** The raft messages among the frames sent since this many. */
  messagesFrom(at: number): readonly PeerMessage[] {
    return this.sent
      .slice(at)
      .filter(({ kind }) => kind === FRAME_KIND.raft)
      .flatMap(({ payload, to }) => decodeRaftBundle(payload, this.id, to) ?? []);
  }
}

export interface DrivenOptions {
  readonly machine: StateMachine;
  readonly shardGroups: number;
  readonly limits?: Partial<RaftLimits>;
  readonly snapshotChunkBytes?: number;
}

export class DrivenNodes {
  readonly nodes: readonly DrivenNode[];
  /** False: the frame is lost. */
  passes: (from: DrivenNode, frame: SentFrame) => boolean = () => true;
  readonly #clock = new SteppedClock(DRIVEN_TIMING.tickMs);
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  private constructor(nodes: readonly DrivenNode[]) {
    this.nodes = nodes;
  }

  static async start(options: DrivenOptions): Promise<DrivenNodes> {
    const ids = ['0a', '0b', '0c'].map((byte) => byte.repeat(16));
    const driven = new DrivenNodes(ids.map((id) => new DrivenNode(id)));
    for (const node of driven.nodes) await driven.#open(node, options);
    void driven.#clock.run(() => driven.#check());
    return driven;
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  /** Resolves once it holds; it is asked after each step, frame and change of leadership. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }));
  }

  /** Of each group the node that leads it, once every group has one. */
  async leaders(groups: readonly number[]): Promise<readonly DrivenNode[]> {
    const find = (group: number) => this.nodes.find(({ leads }) => leads.has(group));
    await this.until(() => groups.every((group) => find(group) !== undefined));
    return groups.flatMap((group) => find(group) ?? []);
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.freeDisk();
    for (const { driver } of this.nodes) await driver?.stop();
    await Promise.all(this.nodes.map(({ store }) => store?.close()));
    this.#clock.stop();
  }

  async #open(node: DrivenNode, options: DrivenOptions): Promise<void> {
    const { machine, shardGroups, limits, snapshotChunkBytes } = options;
    const clock = this.#clock;
    const members = this.nodes.map(({ id }) => {
      return { id, name: id, peerAddress: 'h:1', fingerprint: '05'.repeat(32), incarnation: id };
    });
    const identity = { ...IDENTITY, nodeId: node.id, incarnation: node.id };
    await LogStore.create(node.disk.open(), identity, firstRows(members, shardGroups));
    const store = await LogStore.open(node.disk.open(), {
      onPoison: fail,
      lazyMs: 1,
      after: clock.after,
    });
    const meta = new MetaState(await store.loadAll(KEY_KIND.clusterRow));
    const driver = new Driver({
      self: node.id,
      clock,
      logger: node.log,
      clientId: new Uint8Array(16).fill(node.id.charCodeAt(1)),
      ruleVersion: 1,
      tableEpoch: meta.slotTable.epoch,
      ...DRIVEN_TIMING,
      snapshotChunkBytes,
      send: (to, kind, payload) => this.#deliver(node, { to, kind, payload }),
      applied: (entries) => node.onApplied(entries),
      snapshotRows: (group) => store.snapshotRows(group),
      replaced: () => {},
      leadership: (group, isLeader) => {
        if (isLeader) node.leads.add(group);
        else node.leads.delete(group);
        this.#check();
      },
      nodes: () => meta,
      departed: () => {},
      fatal: fail,
    });
    const seeds = [...node.id].reduce((sum, digit) => sum * 31 + digit.charCodeAt(0), 7);
    let seed = seeds % 1_000_003;
    const loaded = await loadMembers({
      store,
      meta,
      machine,
      hooks: driver,
      timing: DRIVEN_TIMING,
      limits: { ...DRIVEN_LIMITS, ...limits },
      drawSeed: () => seed++,
    });
    Object.assign(node, { driver, store });
    driver.start(loaded.members);
  }

  #deliver(from: DrivenNode, frame: SentFrame): boolean {
    from.sent.push(frame);
    if (!this.passes(from, frame)) return true;
    const { to, kind, payload } = frame;
    setImmediate(() => {
      const boot = { bootNumber: 1, bootId: '', bootBatch: 1, batch: 1 };
      const header = { clusterId: '', incarnation: '', ...boot };
      const clockMs = this.#clock.nowMs();
      const receiver = this.nodes.find(({ id }) => id === to)?.driver;
      receiver?.received({ ...header, sender: from.id, receiver: to, clockMs, kind, payload });
      this.#check();
    });
    return true;
  }

  #check(): void {
    this.#waiting = this.#waiting.filter(({ holds, resolve }) => {
      const isDone = holds();
      if (isDone) resolve();
      return !isDone;
    });
  }
}

function fail(error: unknown): never {
  throw error;
}
