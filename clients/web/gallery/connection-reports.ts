// What a connection check can end with, each concluded by the engine from made-up measurements.
import {
  type ConnectionReport,
  connectionReport,
  type MeasuredPeer,
  type NetworkMeasurement,
} from '@rockpool/client-core';

const [one, two] = ['stun:pool.example.org:3478', 'stun:[2001:db8::1]:3478'];
const ordinary: NetworkMeasurement = {
  servers: [
    { url: one, answered: true, roundTripMs: 18 },
    { url: two, answered: true, roundTripMs: 21 },
  ],
  translated: true,
  mapping: 'steady',
  filtering: 'unknown',
  ipv6: 'works',
};
const blocked: NetworkMeasurement = {
  servers: [one, two].map((url) => ({ url, answered: false })),
  translated: 'unknown',
  mapping: 'unknown',
  filtering: 'unknown',
  ipv6: 'none',
};

const path = { relayed: false, own: 'srflx', other: 'srflx', roundTripMs: 31 } as const;
const ada = { deviceId: 'd2', kind: 'browser', person: { name: 'Brave Puffin', hue: 28 } } as const;
const leo = { deviceId: 'd4', kind: 'desktop', person: { name: 'Quiet Heron', hue: 265 } } as const;
const pools = ['Island weekend'];

const direct: MeasuredPeer = {
  ...ada,
  pools,
  path: 'direct',
  before: { ...path, bytesSent: 0, bytesReceived: 0 },
  after: {
    ...path,
    bytesSent: 900_000,
    bytesReceived: 8_100_000,
  },
  lost: 0.02,
  elapsedMs: 3_000,
};
const unreachable: MeasuredPeer = {
  ...leo,
  pools,
  path: 'unreachable',
  trouble: {
    code: 'ownBlocked',
    reason: 'Your network lets no direct connections out.',
    help: 'Use another network, such as a phone’s hotspot, or have its firewall let UDP out.',
  },
  elapsedMs: 3_000,
};

/** By name; a check that never ends, and one that fails, are the other two. */
export const connectionReports: Readonly<Record<string, ConnectionReport | 'busy'>> = {
  busy: 'busy',
  good: connectionReport({ network: ordinary, peers: [direct], serverOnline: true }),
  empty: connectionReport({ network: ordinary, peers: [], serverOnline: true }),
  strict: connectionReport({
    network: { ...ordinary, mapping: 'changing', ipv6: 'none' },
    peers: [direct],
    serverOnline: true,
  }),
  blocked: connectionReport({ network: blocked, peers: [unreachable], serverOnline: true }),
  offline: connectionReport({
    network: { ...blocked, servers: [] },
    peers: [],
    serverOnline: false,
  }),
};
