// Runs the outbox pump, the account sweep and the keeper of graces on the real clock, for as long as the node runs.

import type { Cluster } from '@rockpool/cluster';
import { createGraceKeeper } from '../grace/create-grace-keeper.ts';
import { createAccountSweep } from './create-account-sweep.ts';
import { createOutboxPump } from './create-outbox-pump.ts';
import type { Timers } from './outbox-ports.ts';

const REAL_TIMERS: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface Deliveries {
  stop(): Promise<void>;
}

export function startDeliveries(
  cluster: Cluster,
  log: { debug(fields: object, message: string): void },
): Deliveries {
  const timers = REAL_TIMERS;
  const onRetry = (group: number, reason: unknown) =>
    log.debug({ group, err: reason }, 'a delivery between shards will be tried again');
  const nowMs = () => Date.now();
  const pump = createOutboxPump({ cluster, timers, onRetry });
  const sweep = createAccountSweep({ cluster, timers, nowMs, onFailure: onRetry });
  const keeper = createGraceKeeper({ cluster, timers, nowMs, onFailure: onRetry });
  return {
    async stop() {
      await Promise.all([pump.stop(), sweep.stop(), keeper.stop()]);
    },
  };
}
