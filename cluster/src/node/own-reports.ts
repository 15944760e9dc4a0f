// What a node tells the cluster by itself, as commands of the meta group: where it is now, whether its disk is nearly
// full, and, as the leader, that no group has a node any more.

import type { Submissions } from '../driver/submissions.ts';
import { CLUSTER } from '../format/command.ts';
import { encodeDiskState } from '../meta/full-disks.ts';
import type { MemberNode } from '../meta/meta-records.ts';
import type { MetaState } from '../meta/meta-state.ts';
import { encodeNodeCommand } from '../meta/node-commands.ts';
import type { ClusterLogger } from '../options.ts';
import type { DiskWatch } from './disk-watch.ts';
import type { Machine } from './machine.ts';

const META_GROUP = 0;
const REPORT_MS = 5_000;
const ANNOUNCE_PAUSE_MS = 1_000;

export interface OwnReportsParts {
  readonly submissions: Submissions;
  readonly logger: ClusterLogger;
  readonly clock: Machine['clock'];
  readonly isStopped: () => boolean;
}

export class OwnReports {
  readonly #parts: OwnReportsParts;

  constructor(parts: OwnReportsParts) {
    this.#parts = parts;
  }

  /** Tells the membership where this node is now, until it was heard. */
  async announce(self: MemberNode, peerAddress: string | undefined): Promise<void> {
    if (peerAddress === undefined || peerAddress === self.peerAddress) return;
    const moved = encodeNodeCommand({ kind: 'moved', id: self.id, peerAddress });
    const { logger, clock, isStopped } = this.#parts;
    while (!isStopped()) {
      try {
        await this.#report(moved);
        logger.info({ peerAddress }, 'the cluster knows the new address of this node');
        return;
      } catch {
        await new Promise<void>((resolve) => clock.after(ANNOUNCE_PAUSE_MS, resolve));
      }
    }
  }

  /** Once more in a while if that fails: whoever leads the meta group looks again. */
  departed(id: string): void {
    this.#report(encodeNodeCommand({ kind: 'left', id })).then(
      () => this.#parts.logger.info({ node: id }, 'a node has left the cluster'),
      () => {},
    );
  }

  watch(disk: DiskWatch, self: string, meta: MetaState): void {
    const { logger, clock } = this.#parts;
    disk.start({
      after: clock.after,
      logger,
      isReported: () => meta.full.some(({ id }) => id === self),
      report: (isFull) => this.#report(encodeDiskState(self, isFull)),
    });
  }

  async #report(command: Uint8Array): Promise<void> {
    await this.#parts.submissions.submit(META_GROUP, CLUSTER, command, REPORT_MS);
  }
}
