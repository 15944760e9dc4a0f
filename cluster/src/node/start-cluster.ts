// Opens one node: verifies its store, restores every group, and begins to listen. The only place that
// knows all parts.

import type { KeyValueStore, LastBatch } from '@rockpool/storage';
import type { RaftLimits } from '../core/types.ts';
import type { AppliedEntry } from '../driver/apply-commands.ts';
import { Driver } from '../driver/driver.ts';
import { ByteReader, toHex } from '../format/bytes.ts';
import { FRAME_KIND, type PeerFrame } from '../format/peer-frame.ts';
import { KEY_KIND } from '../format/store-key.ts';
import { JoinDoor } from '../joining/join-door.ts';
import { FEATURE_LEVEL, type MemberNode } from '../meta/meta-records.ts';
import { MetaState } from '../meta/meta-state.ts';
import { NodeError, type NodeErrorCode } from '../node-error.ts';
import { type ClusterTiming, DEFAULT_TIMING, type StartOptions } from '../options.ts';
import { HeardAddresses } from '../peer/heard-addresses.ts';
import { PeerMemory } from '../peer/peer-memory.ts';
import { type Address, type PeerPorts, parseAddress } from '../peer/peer-ports.ts';
import { LogStore } from '../store/log-store.ts';
import { Scrubber } from '../store/scrubber.ts';
import { ClusterNode, type NodeListeners } from './cluster-node.ts';
import type { DiskWatch } from './disk-watch.ts';
import { groupLimits } from './group-limits.ts';
import { Listeners } from './listeners.ts';
import { loadMembers } from './load-members.ts';
import { type Machine, THIS_MACHINE, type Transport } from './machine.ts';
import { type NodeFile, readNodeFiles } from './node-files.ts';
import { openOnDisk } from './open-on-disk.ts';
import { OwnReports } from './own-reports.ts';

const RULE_VERSION = 1;
/** The store lacks promises that others heard: starting it again would not bring them back. */
const FORGETFUL: ReadonlySet<NodeErrorCode> = new Set(['PEER_INCARNATION', 'STORE_BEHIND']);

/** Starts the node of a data directory. Rejects with NodeError. */
export async function startCluster(options: StartOptions): Promise<ClusterNode> {
  const { file, key } = await readNodeFiles(options.dataDir);
  const onDisk = await openOnDisk(options);
  const parts = { options, file, key, ...onDisk, machine: THIS_MACHINE };
  const { cluster } = await startNode(parts);
  return cluster;
}

export interface NodeParts {
  readonly options: StartOptions;
  readonly file: NodeFile;
  readonly key: PeerPorts['key'];
  /** Open; it is closed when the node stops, or does not start. */
  readonly database: KeyValueStore;
  /** Where the number of its newest batch is noted, if anywhere; it is closed along with the database. */
  readonly last?: LastBatch;
  readonly disk?: DiskWatch;
  readonly machine: Machine;
  readonly limits?: Partial<RaftLimits>;
  readonly snapshotChunkBytes?: number;
}

export interface StartedNode {
  readonly cluster: ClusterNode;
  readonly driver: Driver;
}

/** Starts a node on whatever machine. Rejects with NodeError. */
export async function startNode(parts: NodeParts): Promise<StartedNode> {
  const { database, last, machine, key } = parts;
  const starting = new NodeStart(parts);
  try {
    const onPoison = (error: NodeError) => starting.fatal(error);
    const { after } = machine.clock;
    const noted = last === undefined ? {} : { last };
    const store = await LogStore.open(database, { onPoison, after, ...noted });
    const started = await starting.run(store, key);
    starting.scrub(database);
    return started;
  } catch (error) {
    await starting.abandon();
    await database.close();
    await last?.close();
    throw error;
  }
}

class NodeStart {
  readonly #options: StartOptions;
  readonly #file: NodeFile;
  readonly #machine: Machine;
  readonly #limitsGiven: Partial<RaftLimits>;
  readonly #snapshotChunkBytes: number | undefined;
  readonly #bootId: string;
  readonly #peers = new PeerMemory({
    remember: (nodeId, mark, isNewBoot) => this.#store?.rememberPeer(nodeId, mark, isNewBoot),
    behind: (nodeId, mark, known) => {
      const fields = { code: 'PEER_INCARNATION', node: nodeId, heard: mark, known };
      const { logger } = this.#options;
      logger.error(fields, 'a node came back without what it had confirmed; it is not counted');
    },
  });
  readonly #door: JoinDoor;
  readonly #last: LastBatch | undefined;
  readonly #disk: DiskWatch | undefined;
  readonly #addresses = new HeardAddresses();
  readonly #listeners: NodeListeners = {
    event: new Listeners(),
    leadership: new Listeners(),
    replaced: new Listeners(),
    message: new Listeners(),
    peer: new Listeners(),
    nodes: new Listeners(),
  };
  #cluster: ClusterNode | undefined;
  #store: LogStore | undefined;
  #driver: Driver | undefined;
  #transport: Transport | undefined;
  #scrubber: Scrubber | undefined;
  #condemning: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: NodeParts) {
    const { options, file, last, disk, machine, limits = {} } = parts;
    this.#options = options;
    this.#file = file;
    this.#last = last;
    this.#disk = disk;
    this.#machine = machine;
    this.#limitsGiven = limits;
    this.#snapshotChunkBytes = parts.snapshotChunkBytes;
    this.#bootId = toHex(machine.randomBytes(8));
    const { logger } = options;
    this.#door = new JoinDoor({ logger, machine, members: () => this.#cluster?.members });
  }

  async run(store: LogStore, key: PeerPorts['key']): Promise<StartedNode> {
    const meta = await this.#loadMeta(store);
    this.#store = store;
    const self = meta.node(store.identity.nodeId);
    if (self === undefined || self.incarnation !== store.identity.incarnation) {
      throw new NodeError('STORE_FOREIGN', 'The membership lists another store for this node.');
    }
    const transport = this.#machine.makeTransport(this.#peerPorts(store, meta, self, key));
    this.#transport = transport;
    const departed = (nodeId: string) => reports.departed(nodeId);
    const driver = new Driver({ ...this.#driverPorts(store, meta, transport), departed });
    this.#driver = driver;
    const { logger } = this.#options;
    const { clock } = this.#machine;
    const isStopped = () => this.#stopping !== undefined;
    const { submissions } = driver;
    const reports = new OwnReports({ submissions, logger, clock, isStopped });
    const { groups, commitAtStart, members } = await loadMembers({
      store,
      meta,
      machine: this.#options.stateMachine,
      hooks: driver,
      timing: this.#timing(),
      limits: groupLimits(this.#options.retention, this.#limitsGiven),
      drawSeed: () => new ByteReader(this.#machine.randomBytes(4)).u32(),
    });
    const address = this.#listenAddress(self);
    const port = await transport.start(address);
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    meta.onNodesChanged(() => {
      transport.membersChanged();
      this.#listeners.nodes.emit();
    });
    driver.start(members);
    this.#clearLeftovers(store, groups);
    void reports.announce(self, this.#options.peerAddress);
    if (this.#disk !== undefined) reports.watch(this.#disk, self.id, meta);
    const cluster = new ClusterNode({
      identity: store.identity,
      meta,
      store,
      driver,
      transport,
      groups,
      commitAtStart,
      listenAddress: `${host}:${port}`,
      bootOf: (nodeId) => this.#peers.bootOf(nodeId),
      isBehind: (nodeId) => this.#peers.isBehind(nodeId),
      listeners: this.#listeners,
      after: clock.after,
      giveJoinSecret: () => this.#door.giveSecret(),
      isStopped,
      stop: () => this.stop(),
    });
    this.#cluster = cluster;
    return { cluster, driver };
  }

  scrub(database: KeyValueStore): void {
    if (this.#stopping !== undefined) return;
    const { after } = this.#machine.clock;
    this.#scrubber = new Scrubber(database, (error) => this.fatal(error), { after });
    this.#scrubber.start();
  }

  /** A broken invariant crashes the process; a coded failure stops this node and says so. */
  fatal(error: unknown): void {
    if (this.#stopping !== undefined) return;
    const { logger, onFatal } = this.#options;
    if (error instanceof NodeError && FORGETFUL.has(error.code)) {
      // Where even that cannot be written, the peers refuse it again.
      this.#condemning = this.#last?.condemn().catch(() => {});
    }
    this.#stopping = this.#stop();
    const stopped = this.#stopping;
    if (!(error instanceof NodeError)) {
      this.#machine.crash(error);
      return;
    }
    logger.error({ code: error.code }, `${error.message} The node stops.`);
    const tell = () => onFatal?.(error);
    // The store may be the very thing that failed.
    stopped.then(tell, tell);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#handOverAndStop();
    return this.#stopping;
  }

  /** The start failed half way. */
  async abandon(): Promise<void> {
    this.#stopping ??= Promise.resolve();
    await this.#driver?.stop();
    await this.#disk?.stop();
    await this.#transport?.stop();
  }

  async #handOverAndStop(): Promise<void> {
    await this.#driver?.handOver();
    await this.#stop();
  }

  async #stop(): Promise<void> {
    await this.#driver?.stop();
    await this.#disk?.stop();
    await this.#transport?.stop();
    await this.#scrubber?.stop();
    try {
      await this.#store?.close();
    } finally {
      await this.#condemning;
      await this.#last?.close();
    }
  }

  async #loadMeta(store: LogStore): Promise<MetaState> {
    const { nodeId, clusterId } = store.identity;
    if (nodeId !== this.#file.nodeId || clusterId !== this.#file.clusterId) {
      throw new NodeError('STORE_FOREIGN', this.#options.dataDir);
    }
    for (const [id, payload] of await store.loadAll(KEY_KIND.peer)) {
      this.#peers.restore(toHex(id), payload);
    }
    return new MetaState(await store.loadAll(KEY_KIND.clusterRow));
  }

  /** What a stop in the midst of a snapshot left on the side that nobody reads. */
  #clearLeftovers(store: LogStore, groups: readonly number[]): void {
    for (const group of groups) store.clearOther(group).catch((error) => this.fatal(error));
  }

  #driverPorts(store: LogStore, meta: MetaState, transport: Transport) {
    const { logger, ruleVersion } = this.#options;
    return {
      self: this.#file.nodeId,
      clock: this.#machine.clock,
      logger,
      clientId: this.#machine.randomBytes(16),
      ruleVersion: ruleVersion ?? RULE_VERSION,
      tableEpoch: meta.slotTable.epoch,
      tickMs: this.#timing().tickMs,
      heartbeatTicks: this.#timing().heartbeatTicks,
      electionTicks: this.#timing().electionTicks,
      snapshotChunkBytes: this.#snapshotChunkBytes,
      send: (nodeId: string, kind: PeerFrame['kind'], payload: Uint8Array) =>
        transport.send(nodeId, kind, payload),
      applied: (entries: readonly AppliedEntry[]) => this.#applied(entries),
      snapshotRows: (group: number) => store.snapshotRows(group),
      replaced: (group: number) => this.#listeners.replaced.emit(group),
      leadership: (group: number, leader: boolean) =>
        this.#listeners.leadership.emit(group, leader),
      nodes: () => meta,
      fatal: (error: unknown) => this.fatal(error),
    };
  }

  #peerPorts(store: LogStore, meta: MetaState, self: MemberNode, key: PeerPorts['key']): PeerPorts {
    const { addressOf, logger, peerAddress, peerAddresses } = this.#options;
    return {
      self,
      clusterId: this.#file.clusterId,
      hello: { featureLevel: FEATURE_LEVEL, peerAddress: peerAddress ?? self.peerAddress },
      key,
      logger,
      members: () => meta.nodes,
      member: (nodeId) => meta.node(nodeId),
      memberByFingerprint: (fingerprint) => meta.byFingerprint(fingerprint),
      formerMember: (fingerprint) => meta.formerId(fingerprint),
      onJoining: (socket) => this.#door.open(socket),
      addressOf: addressOf ?? ((node) => peerAddresses?.get(node.name) ?? this.#addresses.of(node)),
      header: (receiver) => ({
        clusterId: this.#file.clusterId,
        sender: self.id,
        incarnation: self.incarnation,
        bootNumber: store.identity.bootNumber,
        bootId: this.#bootId,
        bootBatch: store.bootBatch,
        batch: store.durableBatch,
        receiver,
        clockMs: this.#machine.clock.nowMs(),
      }),
      admit: (nodeId, claim) => this.#peers.admit(nodeId, claim),
      onHello: (nodeId, hello) => this.#addresses.heard(meta.node(nodeId), hello.peerAddress),
      onFrame: (frame) => {
        if (frame.kind !== FRAME_KIND.application) this.#driver?.received(frame);
        else this.#listeners.message.emit(frame.sender, frame.payload);
      },
      onPeerChange: (nodeId) => {
        const connected = this.#transport?.isConnected(nodeId) ?? false;
        logger.info({ node: meta.node(nodeId)?.name, connected }, 'peer connection changed');
        if (connected) this.#driver?.peerConnected();
        this.#listeners.peer.emit(nodeId);
      },
      onLost: (nodeId) => this.#driver?.peerLost(nodeId),
      onRefused: (error) => this.fatal(error),
    };
  }

  /** Whoever submitted a command here has its answer before anybody hears of its events. */
  #applied(entries: readonly AppliedEntry[]): void {
    if (entries.every(({ events }) => events.length === 0)) return;
    this.#machine.clock.soon(() => this.#tell(entries));
  }

  #tell(entries: readonly AppliedEntry[]): void {
    for (const { entry, command, events } of entries) {
      if (command === undefined) continue;
      const { group, index } = entry;
      const { slot } = command;
      for (const event of events) this.#listeners.event.emit({ group, slot, index, event });
    }
  }

  #listenAddress(self: MemberNode): Address {
    const { listenAddress, peerAddress } = this.#options;
    const advertised = parseAddress(peerAddress ?? self.peerAddress);
    const asked = listenAddress ?? `[::]:${advertised?.port ?? 0}`;
    const address = parseAddress(asked);
    if (address === undefined) throw new NodeError('NODE_OPTIONS_INVALID', `${asked}: host:port.`);
    return address;
  }

  #timing(): ClusterTiming {
    return { ...DEFAULT_TIMING, ...this.#options.timing };
  }
}
