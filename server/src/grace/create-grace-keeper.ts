// Brings graces to their end, on the groups that this node leads: lets the time run from when there is a leader, and when it is
// over has a branch chosen for every chain that collected links. Its clock only says when to ask; the log's
// time decides, so that two nodes that both believe to lead do no harm.

import { encodeCommand } from '../directory/commands.ts';
import { tipsOf } from '../directory/tips.ts';
import type { OutboxCluster, Timers } from '../outbox/outbox-ports.ts';
import { slotsOfGroups } from '../outbox/slots-of-groups.ts';
import type { CollectedChain } from './grace-queries.ts';
import { collectedChains, graceOf } from './grace-queries.ts';

const LOOK_EVERY_MS = 2_000;

export interface GraceKeeperOptions {
  readonly cluster: OutboxCluster;
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** Told why a group could not be looked after; the next look comes by again. */
  readonly onFailure: (group: number, reason: unknown) => void;
}

export interface GraceKeeper {
  stop(): Promise<void>;
}

export function createGraceKeeper(options: GraceKeeperOptions): GraceKeeper {
  const { cluster, timers, onFailure } = options;
  const slots = slotsOfGroups(cluster);
  let stopped = false;
  let running = Promise.resolve();
  let cancel = timers.after(LOOK_EVERY_MS, look);
  function look(): void {
    running = lookAfterAll().then(() => {
      if (!stopped) cancel = timers.after(LOOK_EVERY_MS, look);
    });
  }
  async function lookAfterAll(): Promise<void> {
    for (const [group, slot] of slots) {
      if (stopped || !cluster.isLeader(group)) continue;
      try {
        await lookAfter(options, { group, slot }, () => stopped);
      } catch (reason) {
        onFailure(group, reason);
      }
    }
  }
  return {
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}

async function lookAfter(
  { cluster, nowMs }: GraceKeeperOptions,
  { group, slot }: { readonly group: number; readonly slot: number },
  stopped: () => boolean,
): Promise<void> {
  const grace = await graceOf(cluster, group);
  if (grace === undefined) return;
  const { id, until } = grace;
  if (until === undefined) {
    await cluster.submit(slot, encodeCommand({ kind: 'beginGrace', grace: id }));
    return;
  }
  if (nowMs() < until) return;
  for await (const chain of collectedChains(cluster, group)) {
    if (stopped()) return;
    if (chain.branches.open !== undefined) continue;
    await cluster.submit(chain.ref[0], settling(chain));
  }
}

/** Names all that was collected of the chain; a person's choice between branches, where there is one. */
export function settling({ ref, branches }: CollectedChain, tip?: Uint8Array): Uint8Array {
  const { chain, links } = branches;
  return encodeCommand({
    kind: 'settleChain',
    chain,
    ref,
    links: links.map(({ hash }) => hash),
    tips: tip === undefined ? tipsOf(links) : [tip],
    ...(tip === undefined ? {} : { tip }),
  });
}
