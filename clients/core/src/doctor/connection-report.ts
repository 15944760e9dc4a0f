// The whole of a connection check: one sentence first, then what it rests on.

import type { NetworkMeasurement, ServerMeasurement } from './measurement.ts';
import {
  type Finding,
  networkFindings,
  type RouterKind,
  routerKind,
  type Tone,
} from './network-findings.ts';
import { type MeasuredPeer, type PeerFinding, peerFinding } from './peer-findings.ts';

export interface ConnectionReport {
  readonly tone: Tone;
  readonly summary: string;
  readonly router: RouterKind;
  readonly findings: readonly Finding[];
  readonly servers: readonly ServerMeasurement[];
  /** Devices that are online now. */
  readonly peers: readonly PeerFinding[];
}

export interface Measured {
  readonly network: NetworkMeasurement;
  readonly peers: readonly MeasuredPeer[];
  /** A node of the cluster holds this device's socket. */
  readonly serverOnline: boolean;
}

export function connectionReport({ network, peers, serverOnline }: Measured): ConnectionReport {
  const findings = networkFindings(network);
  const router = routerKind(network);
  const found = peers.map(peerFinding);
  const { tone, summary } = conclusion(router, found, serverOnline);
  return { tone, summary, router, findings, servers: network.servers, peers: found };
}

function conclusion(
  router: RouterKind,
  peers: readonly PeerFinding[],
  serverOnline: boolean,
): Pick<ConnectionReport, 'tone' | 'summary'> {
  const lost = peers.filter(({ tone }) => tone === 'bad').length;
  if (!serverOnline) {
    return {
      tone: 'bad',
      summary: 'The servers are out of reach. Open connections go on; new ones have to wait.',
    };
  }
  if (router === 'blocked') {
    return { tone: 'bad', summary: 'This network lets no direct connections out.' };
  }
  if (lost > 0) {
    const who = lost === 1 ? 'One device' : `${lost} devices`;
    return { tone: 'bad', summary: `${who} cannot be reached from here.` };
  }
  if (router === 'changing') {
    return { tone: 'fair', summary: 'This network reaches only some others.' };
  }
  if (router === 'unknown') {
    return { tone: 'unknown', summary: 'Not everything could be tested.' };
  }
  return { tone: 'good', summary: 'This network is fine for Rockpool.' };
}
