// Drops accounts that an invite admitted and that joined no pool within an hour, on the groups that
// this node leads. A join must never cost anybody their account, so an account is dropped only when
// none can be on its way: no pool takes its join any more (the join's own command says until when),
// a barrier in every group has brought here what was taken before, the pool that vouches for it has no branches (after a
// restore) of which one may have the join, and no outbox holds its message.

import { type Ref, toHex } from '@rockpool/protocol';
import { droppedFrom } from '../directory/apply-user.ts';
import { encodeCommand } from '../directory/commands.ts';
import { prefixOf } from '../directory/keys.ts';
import { outboxRow, type PendingAccountRow, pendingAccountRow } from '../directory/rows.ts';
import { branchesOf, graceOf } from '../grace/grace-queries.ts';
import type { OutboxCluster, Timers } from './outbox-ports.ts';
import { slotsOfGroups } from './slots-of-groups.ts';

const SWEEP_EVERY_MS = 60_000;
/** Accounts of one group that a sweep looks at; each leaves the list within about an hour. */
const ACCOUNTS_PER_SWEEP_MAX = 1000;
/** A longer outbox is a cluster in trouble: nothing is dropped until it has shrunk. */
const OUTBOX_ROWS_MAX = 10_000;

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
      const late = await lateAccounts(options, group);
      if (late.length > 0) await drop(options, group, late, stopped);
    } catch (reason) {
      onFailure(group, reason);
    }
  }
}

interface LateAccount extends PendingAccountRow {
  readonly user: Ref;
}

async function lateAccounts(
  { cluster, nowMs }: AccountSweepOptions,
  group: number,
): Promise<readonly LateAccount[]> {
  const prefix = prefixOf('pendingAccount');
  const rows = await cluster.scanGroup(group, { prefix, limit: ACCOUNTS_PER_SWEEP_MAX });
  const grace = rows.length === 0 ? undefined : await graceOf(cluster, group);
  return rows.flatMap(({ slot, key, value }): readonly LateAccount[] => {
    const pending = pendingAccountRow.decode(value);
    const user: Ref = [slot, key.slice(prefix.length)];
    return nowMs() < droppedFrom(pending.since, grace) ? [] : [{ ...pending, user }];
  });
}

async function drop(
  options: AccountSweepOptions,
  group: number,
  late: readonly LateAccount[],
  stopped: () => boolean,
): Promise<void> {
  const { cluster, onFailure } = options;
  // In this order: the choice of a branch takes the branches away and puts the messages of its joins there.
  const without = await withoutBranches(options, late);
  const joining = await usersWithMessages(cluster);
  for (const user of without) {
    if (stopped()) return;
    if (joining.has(toHex(user[1]))) continue;
    try {
      await cluster.submit(user[0], encodeCommand({ kind: 'dropPending', user }));
    } catch (reason) {
      onFailure(group, reason);
    }
  }
}

/** Those whose pool neither collects links nor waits for a choice between them. */
async function withoutBranches(
  { cluster, nowMs }: AccountSweepOptions,
  late: readonly LateAccount[],
): Promise<readonly Ref[]> {
  for (const [, slot] of slotsOfGroups(cluster)) await cluster.barrier(slot);
  const without: Ref[] = [];
  for (const { user, since, pool } of late) {
    const grace = await graceOf(cluster, cluster.groupOf(pool[0]));
    if (nowMs() < droppedFrom(since, grace)) continue;
    if ((await branchesOf(cluster, pool)) === undefined) without.push(user);
  }
  return without;
}

/** Ids (hex) of users whom some pool's shard has yet to tell that they are a member. */
async function usersWithMessages(cluster: OutboxCluster): Promise<ReadonlySet<string>> {
  const users = new Set<string>();
  for (const [group, slot] of slotsOfGroups(cluster)) {
    await cluster.barrier(slot);
    const page = { prefix: prefixOf('outbox'), limit: OUTBOX_ROWS_MAX };
    const rows = await cluster.scanGroup(group, page);
    if (rows.length === OUTBOX_ROWS_MAX) throw new Error('an outbox is too long to be looked at');
    for (const { value } of rows) users.add(toHex(outboxRow.decode(value).user[1]));
  }
  return users;
}
