// The next file that no command has saved yet. What is not here yet is fetched, also where it is too
// large to come by itself: whoever receives has asked for it.

import type { ClientView, FileEntry, Id, PoolView, Rockpool } from '@rockpool/client-core';
import { AgentError } from '../agent-errors.ts';
import type { Caller } from '../control/control-server.ts';
import type { AgentProgress, ReadyFile } from '../control/messages.ts';
import { fileEntries, onlineDevices } from './pool-facts.ts';
import type { SavedFiles } from './saved-files.ts';
import { untilSeen } from './watch-view.ts';

export interface NextFileParts {
  readonly rockpool: Rockpool;
  readonly saved: SavedFiles;
  readonly caller: Caller;
  /** Only files of this pool. */
  readonly pool?: Id;
  /** Also for one that nobody has offered yet. */
  readonly wait: boolean;
  readonly tell: (event: AgentProgress) => void;
}

interface Offered {
  readonly pool: PoolView;
  readonly entry: FileEntry;
}

/** Null where every file is saved and none is waited for. */
export async function nextFile(parts: NextFileParts): Promise<ReadyFile | null> {
  const { rockpool, saved, caller } = parts;
  const fetches = new Fetches(rockpool);
  const ready = await untilSeen(rockpool, caller.gone, (view) => {
    const unsaved = offeredToUs(view, parts.pool).filter(({ pool, entry }) => {
      return saved.isFree(pool.id, entry.id);
    });
    if (unsaved.length === 0) return parts.wait ? undefined : null;
    const complete = unsaved.find(({ entry }) => entry.transfer.state === 'complete');
    if (complete !== undefined) {
      // Before anything else is looked at: two commands never get the same file.
      saved.lend(complete.pool.id, complete.entry.id);
      return complete;
    }
    for (const { pool, entry } of unsaved) {
      fetches.see(pool.id, entry);
      if (entry.transfer.state === 'receiving') parts.tell(receivingProgress(pool, entry));
    }
    return undefined;
  });
  if (ready === null) return null;
  const { pool, entry } = ready;
  caller.gone.addEventListener('abort', () => saved.giveBack(pool.id, entry.id));
  return {
    pool: { id: pool.id, name: pool.name },
    entry: entry.id,
    name: entry.name,
    size: entry.size,
    from: entry.author.name,
  };
}

/** Files that other devices offer, also those of the same person; the oldest first. */
function offeredToUs(view: ClientView, only: Id | undefined): readonly Offered[] {
  return view.pools
    .filter((pool) => only === undefined || pool.id === only)
    .flatMap((pool) => fileEntries(pool).map((entry) => ({ pool, entry })))
    .filter(({ entry }) => entry.deviceId !== view.me?.deviceId)
    .sort((a, b) => a.entry.timeMs - b.entry.timeMs);
}

/** Asks for each file once; what failed before is tried again by that. */
class Fetches {
  readonly #rockpool: Rockpool;
  /** By entry: has the engine taken it up? */
  readonly #begun = new Map<Id, boolean>();

  constructor(rockpool: Rockpool) {
    this.#rockpool = rockpool;
  }

  /** Throws where there is no room for it. */
  see(pool: Id, { id, transfer }: FileEntry): void {
    const begun = this.#begun.get(id);
    if (begun === undefined) {
      this.#begun.set(id, false);
      void this.#rockpool.fetchFile(pool, id).then(() => this.#begun.set(id, true));
    } else if (begun && transfer.state === 'failed') throw new AgentError('AGENT_DISK_FULL');
  }
}

function receivingProgress(pool: PoolView, entry: FileEntry): AgentProgress {
  const { id, name, size, transfer } = entry;
  return {
    entry: id,
    name,
    size,
    bytes: transfer.bytesHeld,
    bytesPerSecond: transfer.bytesPerSecond,
    devices: transfer.completeOn,
    online: onlineDevices(pool),
  };
}
