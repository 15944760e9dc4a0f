// Drops accounts that an invite admitted and that joined no pool within an hour, on the groups that
// this node leads. Before it drops one it looks at the admitting pool's chain: a join whose message
// is still on its way (its shard had no leader, say) must not cost anybody their account.

import { findMember, type Ref } from '@rockpool/protocol';
import { PENDING_ACCOUNT_MAX_MS } from '../directory/apply-user.ts';
import { encodeCommand } from '../directory/commands.ts';
import { prefixOf } from '../directory/keys.ts';
import type { Bytes } from '../directory/ports.ts';
import { poolState } from '../directory/queries.ts';
import { pendingAccountRow } from '../directory/rows.ts';
import type { OutboxCluster, Timers } from './outbox-ports.ts';

const SWEEP_EVERY_MS = 60_000;
/** Accounts of one group that a sweep looks at; each leaves the list within about an hour. */
const ACCOUNTS_PER_SWEEP_MAX = 1000;

export interface AccountSweepOptions {
  readonly cluster: OutboxCluster;
  readonly timers: Timers;
  /** Wall clock; only says when to ask. The log's time decides. */
  readonly nowMs: () => number;
  /** Told why an account could not be looked at; the next sweep comes by again. */
  readonly onFailure: (group: number, reason: unknown) => void;
}

export interface AccountSweep {
  stop(): Promise<void>;
}

export function createAccountSweep(options: AccountSweepOptions): AccountSweep {
  const { timers } = options;
  let stopped = false;
  let running = Promise.resolve();
  let cancel = timers.after(SWEEP_EVERY_MS, sweep);
  function sweep(): void {
    running = sweepGroups(options, () => stopped).then(() => {
      if (!stopped) cancel = timers.after(SWEEP_EVERY_MS, sweep);
    });
  }
  return {
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}

async function sweepGroups(options: AccountSweepOptions, stopped: () => boolean): Promise<void> {
  const { cluster, onFailure } = options;
  for (const group of cluster.groups) {
    if (stopped() || !cluster.isLeader(group)) continue;
    try {
      await sweepGroup(options, group, stopped);
    } catch (reason) {
      onFailure(group, reason);
    }
  }
}

async function sweepGroup(
  options: AccountSweepOptions,
  group: number,
  stopped: () => boolean,
): Promise<void> {
  const { cluster, nowMs, onFailure } = options;
  const prefix = prefixOf('pendingAccount');
  const rows = await cluster.scanGroup(group, { prefix, limit: ACCOUNTS_PER_SWEEP_MAX });
  for (const { slot, key, value } of rows) {
    if (stopped()) return;
    const { since, pool } = pendingAccountRow.decode(value);
    if (nowMs() < since + PENDING_ACCOUNT_MAX_MS) continue;
    const user: Ref = [slot, key.slice(prefix.length)];
    try {
      await cluster.submit(slot, await verdictOn(cluster, user, pool));
    } catch (reason) {
      onFailure(group, reason);
    }
  }
}

async function verdictOn(cluster: OutboxCluster, user: Ref, pool: Ref): Promise<Bytes> {
  await cluster.barrier(pool[0]);
  const state = await poolState(cluster, pool);
  return state !== undefined && findMember(state, user) !== undefined
    ? encodeCommand({ kind: 'memberJoined', user, pool })
    : encodeCommand({ kind: 'dropPending', user });
}
