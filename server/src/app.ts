// A node, put together: cluster, directory, gateway, hub, HTTP, STUN, metrics, control socket. The
// only file that knows all parts. They start in this order and stop in the reverse one.

import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createSignatureVerifier, firstAdminTokenHash, type RelyingParty } from '@rockpool/auth';
import {
  type Cluster,
  ClusterError,
  type ClusterTiming,
  META,
  type NodeError,
} from '@rockpool/cluster';
import { FIRST_ADMIN_LIFE_MS, toBase64url } from '@rockpool/protocol';
import { type StunServer, startStunServer } from '@rockpool/stun';
import type { FastifyInstance } from 'fastify';
import { type CommandContext, submitCommand } from './commands/command-context.ts';
import { DirectoryView } from './commands/directory-view.ts';
import type { Config } from './config.ts';
import type {
  ControlAnswer,
  ControlRequest,
  ControlStream,
  NodeStatus,
} from './control/control-messages.ts';
import { type ControlServer, startControlServer } from './control/control-server.ts';
import { changeMembers } from './control/member-changes.ts';
import { DIRECTORY_RULE_VERSION } from './directory/create-directory.ts';
import { directoryModule } from './directory-machine.ts';
import { controlGrace } from './grace/grace-control.ts';
import { graceStatus } from './grace/grace-status.ts';
import { createApp, type LogSink } from './http/create-app.ts';
import { healthRoutes } from './http/health.ts';
import { openapiRoute } from './http/openapi.ts';
import { webClient } from './http/web-client.ts';
import { type Allowances, RateLimits } from './limits/rate-limits.ts';
import { bytesOf, connectedPeers, nodeStates } from './node-states.ts';
import { Metrics } from './observability/metrics.ts';
import { listenMetrics, type MetricsListener } from './observability/metrics-listener.ts';
import { stunStatus } from './observability/stun-status.ts';
import { openCluster } from './open-cluster.ts';
import { startDeliveries } from './outbox/start-deliveries.ts';
import { createSignaling, type Signaling } from './signaling/create-signaling.ts';
import { openRelayAccess, type RelayAccess } from './turn/relay-access.ts';
import { Gateway } from './ws/gateway.ts';
import { createRoute } from './ws/router.ts';
import { websocketRoute } from './ws/websocket-route.ts';

export interface NodeOptions {
  readonly config: Config;
  readonly timing?: Partial<ClusterTiming>;
  /** Other rate limits than the usual ones. */
  readonly allowances?: Allowances;
  /** Where log lines go; standard output when left out. */
  readonly logSink?: LogSink;
  /** The node stopped by itself: a failed write, damaged data, a refusal by its peers. */
  readonly onFatal?: (error: NodeError) => void;
}

export interface RunningNode {
  readonly httpPort: number;
  /** 0 where they are off. */
  readonly metricsPort: number;
  readonly stunPort: number;
  status(): Promise<NodeStatus>;
  /** Tells clients where to go, closes their sockets, stops everything. */
  stop(): Promise<void>;
}

const STATIC_TURN_WARNING =
  'every member learns the one password of the TURN server and can keep it: ROCKPOOL_TURN_SECRET_FILE gives ' +
  'each of them a password that ends within 12 hours (docs/operations.md, "A relay of yours")';

interface Parts {
  readonly options: NodeOptions;
  readonly app: FastifyInstance;
  readonly cluster: Cluster;
  readonly metrics: Metrics;
  readonly view: DirectoryView;
  readonly commands: CommandContext;
  readonly signaling: Signaling;
  readonly gateway: Gateway;
  readonly limits: RateLimits;
}

/** Starts the node of a data directory. Rejects with NodeError, StunError or a listen error. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { config } = options;
  const app = createApp(config, options.logSink);
  const relays = openRelayAccess(config.turn, Date.now);
  if (config.turn.access?.kind === 'password') app.log.warn(STATIC_TURN_WARNING);
  const cluster = await openCluster(config, {
    stateMachine: directoryModule,
    ruleVersion: DIRECTORY_RULE_VERSION,
    logger: app.log,
    ...(options.timing === undefined ? {} : { timing: options.timing }),
    ...(options.onFatal === undefined ? {} : { onFatal: options.onFatal }),
  });
  const parts = compose(options, app, cluster, relays);
  const opened: (() => Promise<void>)[] = [() => cluster.stop()];
  try {
    return await open(parts, opened);
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

function compose(
  options: NodeOptions,
  app: FastifyInstance,
  cluster: Cluster,
  relays: () => RelayAccess,
): Parts {
  const { config } = options;
  const metrics = new Metrics();
  const nowMs = () => Date.now();
  const view = new DirectoryView(cluster, nowMs);
  const party: RelyingParty = { rpId: config.rpId, origins: [config.publicOrigin] };
  const verify = createSignatureVerifier();
  const { clusterId, realm, nodeId, name } = cluster.identity;
  const ids = {
    realm: bytesOf(realm),
    cluster: bytesOf(clusterId),
    node: bytesOf(nodeId),
  };
  const committed = (seconds: number) => metrics.committed(seconds);
  const commands = { cluster, view, party, realm: ids.realm, verify, nowMs, committed };
  const signaling = createSignaling({ cluster, view, metrics, log: app.log, nowMs });
  const { hub, meetings } = signaling;
  const limits = new RateLimits(options.allowances);
  const gateway = new Gateway({
    hub,
    meetings,
    route: createRoute({ commands, hub, meetings, nodeId: ids.node, relays }, limits),
    log: app.log,
    counters: metrics,
    others: () => connectedPeers(cluster).map(({ name }) => name),
    deviceActive: ({ user, device }) => view.deviceActive(user, device),
    nowMs,
    hello: async () => {
      const grace = await view.graceEndMs();
      return {
        ...ids,
        name,
        nodes: nodeStates(cluster),
        stun: config.stunUrls,
        rpId: config.rpId,
        unclaimed: (await view.unclaimed()) ? 1 : 0,
        ...(grace === undefined ? {} : { grace }),
      };
    },
  });
  return { options, app, cluster, metrics, view, commands, signaling, gateway, limits };
}

async function open(parts: Parts, opened: (() => Promise<void>)[]): Promise<RunningNode> {
  const { options, app, cluster, metrics, signaling, gateway, limits } = parts;
  const { config } = options;
  signaling.start();
  opened.push(async () => signaling.stop());
  const deliveries = startDeliveries(cluster, app.log);
  opened.push(() => deliveries.stop());
  const stun = await startStun(config, app);
  const stunSinceMs = Date.now();
  if (stun !== undefined) opened.push(() => stun.close());
  metrics.observe({
    status: async () => await cluster.status(),
    sockets: () => gateway.counts(),
    presence: () => signaling.presenceCounts(),
    stun: () => stun?.metrics(),
    grace: () => graceStatus(cluster, Date.now()),
  });
  const listener = await startMetrics(config, metrics);
  if (listener !== undefined) opened.push(() => listener.close());
  const health = { ready: async () => await cluster.ready(), draining: () => gateway.draining };
  await app.register(healthRoutes, health);
  await app.register(openapiRoute);
  await websocketRoute(app, {
    gateway,
    limits,
    origins: [config.publicOrigin],
    refused: (code) => metrics.refused(code),
  });
  await app.register(webClient, { webDir: config.webDir });
  await app.listen({ host: config.http.address, port: config.http.port });
  gateway.start();
  opened.push(async () => {
    gateway.drain();
    await app.close();
  });
  const status = async (): Promise<NodeStatus> => {
    const grace = await graceStatus(cluster, Date.now());
    return {
      unclaimed: await parts.view.unclaimed(),
      ready: await cluster.ready(),
      pid: process.pid,
      sockets: gateway.counts(),
      ...(stun === undefined ? {} : { stun: stunStatus(stun, stunSinceMs) }),
      cluster: await cluster.status(),
      ...(grace === undefined ? {} : { grace }),
    };
  };
  const control = await startControl(parts, status);
  opened.push(() => control.close());
  let stopped: Promise<void> | undefined;
  return {
    httpPort: (app.server.address() as AddressInfo).port,
    metricsPort: listener?.port ?? 0,
    stunPort: stun?.port ?? 0,
    status,
    stop: () => {
      stopped ??= closeAll(opened);
      return stopped;
    },
  };
}

async function closeAll(opened: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of opened.toReversed()) await close();
}

function startStun(config: Config, app: FastifyInstance): Promise<StunServer | undefined> {
  const { addresses, port, alternatePort, ...switches } = config.stun;
  if (port === 0) return Promise.resolve(undefined);
  const listen = addresses.length === 0 ? {} : { addresses };
  const discovery = alternatePort === undefined ? {} : { alternatePort };
  return startStunServer({ port, ...listen, ...discovery, ...switches, logger: app.log });
}

function startMetrics(config: Config, metrics: Metrics): Promise<MetricsListener | undefined> {
  if (config.metrics.port === 0) return Promise.resolve(undefined);
  return listenMetrics(config.metrics, metrics);
}

function startControl(parts: Parts, status: () => Promise<NodeStatus>): Promise<ControlServer> {
  const { commands, options } = parts;
  const handle = async (request: ControlRequest): Promise<ControlAnswer | ControlStream> => {
    switch (request.op) {
      case 'status':
        return { ok: true, value: await status() };
      case 'invite-first-admin':
        return inviteFirstAdmin(commands, options.config.publicOrigin);
      case 'backup':
        return backUp(parts.cluster);
      case 'end-grace':
      case 'branches':
      case 'take-branch':
        return controlGrace(parts.cluster, request);
      case 'token':
      case 'remove':
      case 'replace':
        return changeMembers(parts.cluster.members, request);
    }
  };
  return startControlServer(options.config.dataDir, handle);
}

async function backUp(cluster: Cluster): Promise<ControlAnswer | ControlStream> {
  try {
    return { answer: { ok: true, value: {} }, bytes: await cluster.backup() };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { ok: false, code: error.code, detail: error.message };
  }
}

/** The token exists in this answer and in the operator's hands; the log keeps its hash. */
async function inviteFirstAdmin(commands: CommandContext, origin: string): Promise<ControlAnswer> {
  const token = randomBytes(32);
  const expiry = commands.nowMs() + FIRST_ADMIN_LIFE_MS;
  const tokenHash = firstAdminTokenHash(token);
  const command = { kind: 'setFirstAdmin', tokenHash, expiry } as const;
  try {
    const set = await submitCommand(commands, META, command);
    if (!set.ok) return { ok: false, code: set.code, detail: set.detail };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { ok: false, code: error.code, detail: 'the servers cannot agree right now' };
  }
  const link = `${origin}/#admin=${toBase64url(token)}`;
  return { ok: true, value: { link, expiresAtMs: expiry } };
}
