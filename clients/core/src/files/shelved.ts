// A file among all that this device knows of: where it was offered, how its transfer stands.

import type { Download } from './download.ts';
import type { SharedFile } from './shared-file.ts';
import { Speed } from './speed.ts';

export interface Shelved {
  /** Pools (hex) in which it was offered: their devices are asked for it. */
  readonly pools: Set<string>;
  readonly file: SharedFile;
  download: Download | undefined;
  /** Devices (hex) that told that they hold all of it. */
  readonly completeOn: Set<string>;
  readonly sentSpeed: Speed;
  bytesSent: number;
  saving: boolean;
  telling: boolean;
}

export function shelve(file: SharedFile, nowMs: number): Shelved {
  return {
    pools: new Set(),
    file,
    download: undefined,
    completeOn: new Set(),
    sentSpeed: new Speed(nowMs),
    bytesSent: 0,
    saving: false,
    telling: false,
  };
}

/** What a view shows of a file's transfer. */
export interface TransferFacts {
  readonly state: 'waiting' | 'receiving' | 'complete' | 'failed';
  readonly bytesHeld: number;
  /** Received while it comes, sent once it is here. */
  readonly bytesPerSecond: number;
  readonly secondsLeft: number | undefined;
  readonly users: readonly string[];
  readonly bytesThroughServer: number;
  readonly completeOn: number;
  readonly bytesSent: number;
  readonly failure: Download['failure'];
}

export function transferFacts(shelved: Shelved): TransferFacts {
  const { file, download, completeOn, bytesSent, sentSpeed } = shelved;
  const speed = file.complete ? sentSpeed : download?.speed;
  const missing = file.size - file.bytesHeld;
  return {
    state: stateOf(shelved),
    bytesHeld: file.bytesHeld,
    bytesPerSecond: Math.round(speed?.bytesPerSecond ?? 0),
    secondsLeft: file.complete ? undefined : speed?.secondsLeft(missing),
    users: [...file.users],
    bytesThroughServer: file.bytesThroughServer,
    completeOn: completeOn.size + (file.complete ? 1 : 0),
    bytesSent,
    failure: download?.failure,
  };
}

function stateOf({ file, download }: Shelved): TransferFacts['state'] {
  if (file.complete) return 'complete';
  if (download?.failure !== undefined) return 'failed';
  return download?.receiving === true ? 'receiving' : 'waiting';
}
