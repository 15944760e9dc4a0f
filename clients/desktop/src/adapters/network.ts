// The network as a program sees it: its interfaces, and what STUN servers answer to sockets of its own.

import { networkInterfaces } from 'node:os';
import {
  type Clock,
  isPublicAddress,
  type NetworkMeasurement,
  type NetworkPort,
} from '@rockpool/client-core';
import { probeStun, testNat } from '@rockpool/stun';
import { parseStunUrl } from './stun-url.ts';

/** The system tells no change, so it is looked for. */
const LOOK_EVERY_MS = 2_000;

export function nodeNetwork(clock: Clock): NetworkPort {
  return {
    watch(changed) {
      let before = addresses().join(' ');
      let cancel: () => void;
      const look = () => {
        const now = addresses().join(' ');
        if (now !== before) changed();
        before = now;
        cancel = clock.after(LOOK_EVERY_MS, look);
      };
      cancel = clock.after(LOOK_EVERY_MS, look);
      return () => cancel();
    },
    measure: measureNetwork,
  };
}

export async function measureNetwork(stunUrls: readonly string[]): Promise<NetworkMeasurement> {
  const [behaviour, probes] = await Promise.all([
    testNat(stunUrls.flatMap((url) => parseStunUrl(url) ?? [])),
    Promise.all(stunUrls.map(probe)),
  ]);
  return {
    servers: probes.map(({ url, result }) => {
      const answered = result?.ok === true;
      return answered
        ? { url, answered, roundTripMs: Math.round(result.rttMs) }
        : { url, answered };
    }),
    translated: behaviour.translated ?? 'unknown',
    mapping: behaviour.mapping,
    filtering: behaviour.filtering,
    ipv6: ipv6(probes.some(({ result }) => result?.ok === true && result.family === 6)),
  };
}

async function probe(url: string) {
  const server = parseStunUrl(url);
  return { url, result: server && (await probeStun(server)) };
}

function ipv6(answered: boolean): NetworkMeasurement['ipv6'] {
  if (answered) return 'works';
  return addresses().some((address) => address.includes(':') && isPublicAddress(address))
    ? 'address'
    : 'none';
}

/** Those that lead out of this machine. */
function addresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)
    .sort();
}
