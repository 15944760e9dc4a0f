// What the process that embeds the cluster decides: where the data lies, who runs on the commands,
// how fast the clock ticks, and where messages for people go.

import type { NodeError } from './node-error.ts';
import type { ClusterView, NewNode, NodeInfo, StateMachine } from './ports.ts';

/** Structured log lines; pino's and fastify's loggers fit. Never carries secrets or commands. */
export interface ClusterLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ClusterTiming {
  /** Length of one tick of the wheel that all groups share. */
  readonly tickMs: number;
  /** A follower campaigns after this many ticks of silence, up to twice as many. */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
}

/** Elections after 0.5 to 1 s of silence, heartbeats every 100 ms. */
export const DEFAULT_TIMING: ClusterTiming = { tickMs: 50, electionTicks: 10, heartbeatTicks: 2 };

/** How much of each group's log is kept once it is applied, for nodes that lag. */
export interface LogRetention {
  readonly entries: number;
  readonly bytes: number;
  /** Beyond it even a node that answers and lags is sent a snapshot instead. */
  readonly bytesMax: number;
}

export const DEFAULT_RETENTION: LogRetention = {
  entries: 10_000,
  bytes: 4_194_304,
  bytesMax: 16_777_216,
};

/** How much room a node's disk must have. */
export interface DiskLimits {
  /** With less, the cluster refuses the application's commands until there is a quarter more. */
  readonly freeBytesMin: number;
  /** Taken at the start, and given away when a node starts with less than that. */
  readonly ballastBytes: number;
  readonly everyMs?: number;
  /** Of the file system of a path; else the machine is asked. */
  readonly freeBytes?: (path: string) => Promise<number>;
}

export interface StartOptions {
  /** A directory that initCluster prepared. */
  readonly dataDir: string;
  readonly stateMachine: StateMachine;
  readonly logger: ClusterLogger;
  readonly timing?: Partial<ClusterTiming>;
  readonly retention?: Partial<LogRetention>;
  /** Without them the disk is not watched. */
  readonly disk?: DiskLimits;
  /** host:port of the peer listener; by default every interface, with the port that peers know. */
  readonly listenAddress?: string;
  /** host:port where peers reach this node, if it moved since init; announced to all of them. */
  readonly peerAddress?: string;
  /** host:port where peers are reached from here, by their names, where that differs from what they say themselves. */
  readonly peerAddresses?: ReadonlyMap<string, string>;
  /** In place of all that: where a peer is reached; undefined: not now. */
  readonly addressOf?: (node: NodeInfo) => string | undefined;
  /** The rule version this node's commands name; replicas apply each entry by its own. */
  readonly ruleVersion?: number;
  /** Told once, when the node stops by itself (a failed write, damaged data, a refusal by peers). */
  readonly onFatal?: (error: NodeError) => void;
}

/** A module that runs in the thread of the node, and the name under which it exports its state machine. */
export interface MachineModule {
  readonly url: string;
  readonly name: string;
}

/** A node in a thread of its own: what it is given is copied there. */
export interface ThreadOptions extends Omit<StartOptions, 'stateMachine' | 'addressOf' | 'disk'> {
  readonly stateMachine: MachineModule;
  readonly disk?: Omit<DiskLimits, 'freeBytes'>;
}

export interface InitNode {
  /** Short name that people and URLs use: "1", "2", "3". */
  readonly name: string;
  /** host:port where the other nodes reach this one. */
  readonly peerAddress: string;
}

export interface JoinOptions extends InitNode {
  readonly dataDir: string;
  /** Brings the node to a member, which lists it, and gives back that member's view. */
  readonly admit: (node: NewNode) => Promise<ClusterView>;
}

export interface InitOptions {
  /** One directory for each node, in the order of `nodes`. */
  readonly dataDirs: readonly string[];
  /** One node or three. */
  readonly nodes: readonly InitNode[];
  /** Number of shard groups, fixed for good; 16 by default. */
  readonly shardGroups?: number;
  /** 32 bytes; drawn at random unless a restore brings the old one. */
  readonly realm?: Uint8Array;
}

export interface InitResult {
  /** 16 bytes as lower-case hex. */
  readonly clusterId: string;
  /** 32 bytes as lower-case hex. */
  readonly realm: string;
  readonly nodes: readonly NodeInfo[];
}
