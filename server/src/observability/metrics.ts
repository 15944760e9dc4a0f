// What a node counts. Served on a private listener only. No label ever names a user, device, pool
// or address.

import type { ClusterStatus } from '@rockpool/cluster';
import type { StunMetrics } from '@rockpool/stun';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { GraceStatus } from '../grace/grace-status.ts';

export interface MetricSources {
  status(): Promise<ClusterStatus>;
  sockets(): { readonly anonymous: number; readonly device: number };
  presence(): { readonly local: number; readonly remote: number };
  stun(): StunMetrics | undefined;
  grace(): Promise<GraceStatus | undefined>;
}

const COMMIT_BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

export class Metrics {
  readonly #registry = new Registry();
  readonly #signals: Counter<'route'>;
  readonly #signalBytes: Counter;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #refused: Counter<'code'>;
  readonly #commitSeconds: Histogram;
  #readGauges: () => Promise<void> = async () => {};

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#signals = new Counter({
      name: 'rockpool_signals_relayed_total',
      help: 'Sealed signals passed on, to a socket here (local) or another node (remote)',
      labelNames: ['route'],
      registers,
    });
    this.#signalBytes = new Counter({
      name: 'rockpool_signal_bytes_total',
      help: 'Sealed bytes inside relayed signals',
      registers,
    });
    this.#received = new Counter({
      name: 'rockpool_websocket_received_bytes_total',
      help: 'Payload bytes of WebSocket messages received',
      registers,
    });
    this.#sent = new Counter({
      name: 'rockpool_websocket_sent_bytes_total',
      help: 'Payload bytes of WebSocket messages sent',
      registers,
    });
    this.#refused = new Counter({
      name: 'rockpool_refused_total',
      help: 'Requests, upgrades and sockets refused, by error code',
      labelNames: ['code'],
      registers,
    });
    this.#commitSeconds = new Histogram({
      name: 'rockpool_commit_duration_seconds',
      help: 'From submitting a command here to its reply, which includes the fsyncs of a majority',
      buckets: COMMIT_BUCKETS_SECONDS,
      registers,
    });
  }

  signalRelayed(route: 'local' | 'remote', bodyBytes: number): void {
    this.#signals.inc({ route });
    this.#signalBytes.inc(bodyBytes);
  }

  received(bytes: number): void {
    this.#received.inc(bytes);
  }

  sent(bytes: number): void {
    this.#sent.inc(bytes);
  }

  refused(code: string): void {
    this.#refused.inc({ code });
  }

  committed(seconds: number): void {
    this.#commitSeconds.observe(seconds);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In the text format of Prometheus. */
  async text(): Promise<string> {
    await this.#readGauges();
    return await this.#registry.metrics();
  }

  /** Gauges that are read from their owners when somebody asks. */
  observe(sources: MetricSources): void {
    const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Gauge({ name, help, labelNames, registers: [this.#registry] });
    const sockets = gauge('rockpool_sockets', 'Open WebSockets', ['state']);
    const presence = gauge('rockpool_presence_entries', 'Devices online, per pool', ['held']);
    const leads = gauge('rockpool_group_leader', '1 where this node leads the group', ['group']);
    const applied = gauge('rockpool_group_applied_index', 'Newest applied entry', ['group']);
    const commits = gauge('rockpool_group_commit_index', 'Newest committed entry', ['group']);
    const loopLag = gauge(
      'rockpool_loop_lag_seconds',
      "Longest delay of the event loop of the cluster's thread within the last 10 to 20 s",
      [],
    );
    const peers = gauge('rockpool_peer_connected', '1 while the peer is connected', ['peer']);
    const refusals = gauge(
      'rockpool_peer_refused',
      'Connections and frames that the peer port turned away since the start',
      ['code'],
    );
    const full = gauge('rockpool_full_disks', 'Nodes whose disk is nearly full', []);
    const graceEnd = gauge(
      'rockpool_grace_end_timestamp_seconds',
      'After a restore, until when lost changes are taken back; else 0',
      [],
    );
    const branched = gauge('rockpool_branched_chains', 'Chains of which no branch is chosen', [
      'state',
    ]);
    const behind = gauge('rockpool_peer_behind', '1 if its disk lost what it had confirmed', [
      'peer',
    ]);
    const stun = gauge('rockpool_stun_datagrams', 'STUN messages since the start', ['outcome']);
    const stunNamed = gauge('rockpool_stun_answers', 'STUN answers by what they name', ['scope']);
    const stunTcp = gauge('rockpool_stun_tcp_connections', 'Open now, and since the start', [
      'outcome',
    ]);
    const dropped = gauge('rockpool_stun_send_dropped', 'STUN answers not sent', []);
    this.#readGauges = async () => {
      // First of all: what is set in one go is of one moment.
      const [status, grace] = await Promise.all([sources.status(), sources.grace()]);
      const { anonymous, device } = sources.sockets();
      sockets.set({ state: 'anonymous' }, anonymous);
      sockets.set({ state: 'device' }, device);
      const { local, remote } = sources.presence();
      presence.set({ held: 'local' }, local);
      presence.set({ held: 'remote' }, remote);
      graceEnd.set((grace?.endsAtMs ?? 0) / 1000);
      branched.set({ state: 'collected' }, (grace?.chains ?? 0) - (grace?.undecided ?? 0));
      branched.set({ state: 'undecided' }, grace?.undecided ?? 0);
      for (const { group, role, appliedIndex, commitIndex } of status.groups) {
        leads.set({ group }, role === 'leader' ? 1 : 0);
        applied.set({ group }, appliedIndex);
        commits.set({ group }, commitIndex);
      }
      loopLag.set(status.loopLagMs / 1000);
      for (const [code, count] of Object.entries(status.refusals)) refusals.set({ code }, count);
      full.set(status.full.length);
      for (const { node, connected, isBehind } of status.peers) {
        peers.set({ peer: node.name }, connected ? 1 : 0);
        behind.set({ peer: node.name }, isBehind ? 1 : 0);
      }
      const counted = sources.stun();
      for (const [outcome, count] of Object.entries(counted?.outcomes ?? {})) {
        stun.set({ outcome }, count);
      }
      dropped.set(counted?.sendDropped ?? 0);
      for (const [scope, count] of Object.entries(counted?.named ?? {})) {
        stunNamed.set({ scope }, count);
      }
      for (const [outcome, count] of Object.entries(counted?.tcp ?? {})) {
        stunTcp.set({ outcome }, count);
      }
    };
  }
}
