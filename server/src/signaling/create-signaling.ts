// Ties hub, presence and meetings to the cluster: messages between nodes, nodes that come and go, and
// what apply says has changed.

import { randomBytes } from 'node:crypto';
import type { Cluster, ClusterEvent, PeerState } from '@rockpool/cluster';
import type { DirectoryView } from '../commands/directory-view.ts';
import { type DirectoryEvent, decodeEvent } from '../directory/events.ts';
import { Meetings } from '../meetings/meetings.ts';
import { bytesOf, connectedPeers, nodeStates } from '../node-states.ts';
import { type HubPorts, SignalingHub } from './hub.ts';
import { PresenceExchange } from './presence-exchange.ts';

export interface SignalingOptions {
  readonly cluster: Cluster;
  readonly view: DirectoryView;
  readonly metrics: {
    signalRelayed(route: 'local' | 'remote', bodyBytes: number): void;
    refused(code: string): void;
  };
  readonly log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number;
}

export interface Signaling {
  readonly hub: SignalingHub;
  readonly meetings: Meetings;
  presenceCounts(): { readonly local: number; readonly remote: number };
  start(): void;
  stop(): void;
}

export function createSignaling(options: SignalingOptions): Signaling {
  const { cluster, view, metrics, log, nowMs } = options;
  const { nodeId, incarnation, bootNumber } = cluster.identity;
  const send = (node: string, message: Uint8Array) => cluster.nodes.send(node, message);
  const connected = () => connectedPeers(cluster).map(({ id }) => id);
  const meetings = new Meetings({
    self: nodeId,
    connected,
    send,
    randomBytes,
    nowMs,
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs).unref();
      return () => clearTimeout(timer);
    },
  });
  const exchange = new PresenceExchange({
    self: { node: nodeId, incarnation: bytesOf(incarnation), boot: bootNumber },
    send,
    connected,
    touched: (pools) => hub.presenceTouched(pools),
    signal: (message) => void hub.deliver(message),
    meeting: (node, message) => meetings.receive(node, message),
    refused: (node, code) => {
      metrics.refused(code);
      log.warn({ node, code }, 'refused a message of a peer');
    },
    nowMs: () => performance.now(),
  });
  const ports: HubPorts = {
    directory: view,
    self: nodeId,
    send,
    nodeName: (node) => nameOf(cluster, node),
    relayed: (route, bodyBytes) => metrics.signalRelayed(route, bodyBytes),
    nowMs,
  };
  const hub = new SignalingHub(ports, exchange);
  const peerChanged = (peer: PeerState) => {
    if (peer.connected) exchange.nodeConnected(peer.node.id);
    hub.nodesChanged(nodeStates(cluster));
  };
  const applied = ({ event: bytes }: ClusterEvent) => {
    const decoded = decodeEvent(bytes);
    if (!decoded.ok) return;
    tellHub(hub, view, decoded.value).catch((error: unknown) => {
      log.error({ err: error, event: decoded.value.event }, 'a change could not be passed on');
    });
  };
  return {
    hub,
    meetings,
    presenceCounts: () => exchange.presence.counts(),
    start: () => {
      cluster.nodes.onMessage((node, message) => exchange.receive(node, message));
      cluster.nodes.onPeerChange(peerChanged);
      cluster.nodes.onMembersChange(() => hub.nodesChanged(nodeStates(cluster)));
      cluster.onEvent(applied);
      cluster.onReplaced(() => {
        view.stateReplaced();
        hub.stateReplaced();
      });
      exchange.start();
    },
    stop: () => {
      exchange.stop();
      hub.stop();
      meetings.stop();
    },
  };
}

async function tellHub(
  hub: SignalingHub,
  view: DirectoryView,
  event: DirectoryEvent,
): Promise<void> {
  switch (event.event) {
    case 'userChanged':
      return hub.userChanged(event.user, event.head);
    case 'userDropped':
      return hub.userChanged(event.user, undefined);
    case 'poolChanged':
      view.poolChanged(event.pool);
      return hub.poolChanged(event.pool, event.head);
    case 'userMeets':
      return hub.userMeets(event.user, event.device);
    case 'memberJoined': {
      await view.catchUp(event.pool);
      const pool = await view.pool(event.pool);
      if (pool !== undefined) hub.poolGained(event.user, event.pool, [pool.seq, pool.head]);
      return;
    }
    case 'graceChanged':
      return view.graceChanged();
    case 'outboxAdded':
    case 'adminClaimed':
      return;
  }
}

function nameOf({ identity, nodes }: Cluster, node: string): string {
  if (node === identity.nodeId) return identity.name;
  return nodes.peers().find((peer) => peer.node.id === node)?.node.name ?? '';
}
