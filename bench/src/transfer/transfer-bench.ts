/*
 * A file from device to device by the engine, beside a bare data channel between the same two platforms, and a
 * TLS socket between two Node processes as the limit. Each end is a process, or a browser, of its own.
 */

import { preferredBrowser } from '@rockpool/e2e';
import { getLibraryVersion } from 'node-datachannel';
import type { Bench, Contestant } from '../harness/bench.ts';
import { arriveAsAgent } from './agent-member.ts';
import { bareAgent, bareBrowser, bareCrossing } from './bare-crossing.ts';
import { arriveAsBrowser } from './browser-member.ts';
import { CHANNEL_USE } from './channel-use.ts';
import { type Crossing, measureCrossing } from './crossing.ts';
import { engineCrossing } from './engine-crossing.ts';
import { tlsCrossing } from './tls-crossing.ts';

const MIB = 2 ** 20;
/** A second that is asked for is so much to carry: about what a data channel does. */
const MIB_PER_SECOND_ASKED = 16;

const AGENT = { arrive: arriveAsAgent, bare: bareAgent };
const BROWSER = { arrive: arriveAsBrowser, bare: bareBrowser };

interface Pair {
  /** As its figures are named. */
  readonly name: string;
  readonly from: typeof AGENT;
  readonly to: typeof AGENT;
}

const PAIRS: readonly Pair[] = [
  { name: 'browserBrowser', from: BROWSER, to: BROWSER },
  { name: 'agentAgent', from: AGENT, to: AGENT },
  { name: 'agentBrowser', from: AGENT, to: BROWSER },
  { name: 'browserAgent', from: BROWSER, to: AGENT },
];

export const transferBench: Bench = {
  name: 'transfer',
  summary: 'files from device to device, beside bare data channels and a TLS socket',
  async lacks() {
    if (process.platform !== 'linux') return 'CPU time is read from /proc, which only Linux has';
    return preferredBrowser().then(
      () => undefined,
      (error: Error) => error.message,
    );
  },
  async contestants() {
    const { messageBytes, highBytes, lowBytes } = CHANNEL_USE;
    const channel = `messages of ${messageBytes} bytes, ${lowBytes} to ${highBytes} buffered`;
    return [
      contestant('ours', 'the engine in the web client and in agents, one node', (pair, bytes) =>
        engineCrossing([pair.from.arrive, pair.to.arrive], bytes),
      ),
      contestant(
        'bare',
        `a data channel of Chromium or node-datachannel (libdatachannel ${getLibraryVersion()}), ${channel}`,
        (pair, bytes) => bareCrossing([pair.from.bare, pair.to.bare], bytes),
      ),
      contestant(
        'tls',
        `TLS 1.3 of Node ${process.versions.node}`,
        (_pair, bytes) => tlsCrossing(bytes),
        PAIRS.filter(({ name }) => name === 'agentAgent'),
      ),
    ];
  },
  ratios: [
    ...PAIRS.map(({ name }) => ({ key: name, figure: `mibPerSecond.${name}`, peer: 'bare' })),
    ...PAIRS.map(({ name }) => `cpuPerGib.${name}`).map((figure) => ({
      key: figure,
      figure,
      peer: 'bare',
    })),
    { key: 'tls.agentAgent', figure: 'mibPerSecond.agentAgent', peer: 'tls' },
  ],
};

function contestant(
  key: string,
  what: string,
  open: (pair: Pair, bytes: number) => Promise<Crossing>,
  pairs = PAIRS,
): Contestant {
  return {
    key,
    what,
    async measure(seconds) {
      const bytes = seconds * MIB_PER_SECOND_ASKED * MIB;
      const sample: Record<string, number> = {};
      for (const pair of pairs) {
        try {
          const { mibPerSecond, cpuPerGib } = await measureCrossing(await open(pair, bytes), bytes);
          sample[`mibPerSecond.${pair.name}`] = mibPerSecond;
          sample[`cpuPerGib.${pair.name}`] = cpuPerGib;
        } catch (cause) {
          throw new Error(`${key} ${pair.name}: ${cause}`, { cause });
        }
      }
      return sample;
    },
  };
}
