// Carries the outbox of every group that this node leads to the shards it is meant for: at least
// once, in no order, until each message is answered. Two nodes that both believe to lead do no harm,
// since the receiving command is idempotent.

import type { ErrorCode } from '@rockpool/protocol';
import { encodeCommand } from '../directory/commands.ts';
import { decodeEvent } from '../directory/events.ts';
import { prefixOf } from '../directory/keys.ts';
import type { Bytes } from '../directory/ports.ts';
import { decodeReply } from '../directory/replies.ts';
import { outboxRow } from '../directory/rows.ts';
import type { OutboxCluster, Timers } from './outbox-ports.ts';

/** Messages that are on their way from one group at once. */
const IN_FLIGHT_MAX = 16;
/** One shard without a leader must not hold up the messages for all others. */
const ROWS_PER_SCAN_MAX = 256;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 10_000;

/** Answers after which a message has no addressee any more: the account is gone, or its list full. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['CHAIN_UNKNOWN', 'CHAIN_QUOTA']);

export interface OutboxPumpOptions {
  readonly cluster: OutboxCluster;
  readonly timers: Timers;
  /** Told why a delivery has to be tried again. */
  readonly onRetry: (group: number, reason: unknown) => void;
}

export interface OutboxPump {
  /** Takes no more messages; resolves when those on their way have been answered. */
  stop(): Promise<void>;
}

/** Starts at once. Woken by new rows, by leadership, and by its own retries. */
export function createOutboxPump(options: OutboxPumpOptions): OutboxPump {
  const { cluster } = options;
  const pumps = new Map(cluster.groups.map((group) => [group, new GroupPump(group, options)]));
  cluster.onLeadership((group, leader) => {
    if (leader) pumps.get(group)?.wake();
  });
  cluster.onEvent(({ group, event }) => {
    const decoded = decodeEvent(event);
    if (decoded.ok && decoded.value.event === 'outboxAdded') pumps.get(group)?.wake();
  });
  for (const pump of pumps.values()) pump.wake();
  return {
    async stop() {
      await Promise.all([...pumps.values()].map((pump) => pump.stop()));
    },
  };
}

class GroupPump {
  readonly #group: number;
  readonly #options: OutboxPumpOptions;
  #running: Promise<void> | undefined;
  #wokenWhileRunning = false;
  #stopped = false;
  #retryMs = RETRY_MIN_MS;
  #cancelRetry: (() => void) | undefined;

  constructor(group: number, options: OutboxPumpOptions) {
    this.#group = group;
    this.#options = options;
  }

  wake(): void {
    if (this.#stopped) return;
    if (this.#running !== undefined) {
      this.#wokenWhileRunning = true;
      return;
    }
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      if (!this.#wokenWhileRunning) return;
      this.#wokenWhileRunning = false;
      this.wake();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    await this.#running;
  }

  async #drain(): Promise<void> {
    const { cluster, onRetry } = this.#options;
    try {
      while (!this.#stopped && cluster.isLeader(this.#group)) {
        const page = { prefix: prefixOf('outbox'), limit: ROWS_PER_SCAN_MAX };
        const rows = await cluster.scanGroup(this.#group, page);
        if (rows.length === 0) return;
        const failures: unknown[] = [];
        for (let at = 0; at < rows.length && !this.#stopped; at += IN_FLIGHT_MAX) {
          const batch = rows.slice(at, at + IN_FLIGHT_MAX).map((row) => this.#deliver(row));
          for (const result of await Promise.allSettled(batch)) {
            if (result.status === 'rejected') failures.push(result.reason);
          }
        }
        if (failures.length > 0) throw failures[0];
        this.#retryMs = RETRY_MIN_MS;
      }
    } catch (reason) {
      if (this.#stopped) return;
      onRetry(this.#group, reason);
      this.#retryLater();
    }
  }

  #retryLater(): void {
    this.#cancelRetry = this.#options.timers.after(this.#retryMs, () => {
      this.#cancelRetry = undefined;
      this.wake();
    });
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
  }

  async #deliver(row: { slot: number; key: Bytes; value: Bytes }): Promise<void> {
    const { cluster } = this.#options;
    const { kind, user, pool } = outboxRow.decode(row.value);
    await this.#submit(user[0], encodeCommand({ kind, user, pool }));
    const id = row.key.slice(prefixOf('outbox').length);
    await cluster.submit(row.slot, encodeCommand({ kind: 'outboxDone', id }));
  }

  async #submit(slot: number, command: Bytes): Promise<void> {
    const { reply } = await this.#options.cluster.submit(slot, command);
    const decoded = decodeReply(reply);
    if (!decoded.ok) throw new Error(`unreadable reply: ${decoded.detail}`);
    if (decoded.value.ok || FINAL.has(decoded.value.code)) return;
    throw new Error(`delivery refused: ${decoded.value.code}`);
  }
}
