// What the agent does for commands: each request by the engine's actions and what its view shows.

import type {
  ActionResult,
  ClientView,
  FileEntry,
  FileSource,
  Id,
  PoolView,
  Rockpool,
} from '@rockpool/client-core';
import { AgentError } from '../agent-errors.ts';
import type { Caller, RequestHandler } from '../control/control-server.ts';
import type { AgentProgress, Request } from '../control/messages.ts';
import { AnsweredError } from '../failure.ts';
import { choosePool } from './choose-pool.ts';
import { nextFile } from './next-file.ts';
import { fileEntries, onlineDevices, summary } from './pool-facts.ts';
import type { SavedFiles } from './saved-files.ts';
import { untilSeen } from './watch-view.ts';

/** Progress is told at most this often, beside the moments when a device has all. */
const TELL_INTERVAL_MS = 250;

export interface AnsweringParts {
  readonly rockpool: Rockpool;
  readonly saved: SavedFiles;
  readonly nowMs: () => number;
}

export function answerRequests(parts: AnsweringParts): RequestHandler {
  return async (request, caller) => {
    const view = await untilSeen(parts.rockpool, caller.gone, (seen) => {
      return seen.stage === 'starting' ? undefined : seen;
    });
    if (view.stage !== 'signedIn') throw new AgentError('AGENT_NOT_LINKED');
    if (request.op === 'slice') return { slice: await slice(parts.rockpool, request) };
    return { value: await answer(parts, view, request, caller) };
  };
}

async function answer(
  parts: AnsweringParts,
  view: ClientView,
  request: Exclude<Request, { op: 'slice' }>,
  caller: Caller,
): Promise<unknown> {
  const { rockpool, saved } = parts;
  switch (request.op) {
    case 'pools':
      return view.pools.map(summary);
    case 'check':
      return worked(await rockpool.checkConnection());
    case 'pool':
      return summary(choosePool(view.pools, request.choice));
    case 'say':
      return worked(await rockpool.sendText(request.pool, request.text));
    case 'offer':
      return worked(await rockpool.offerFile(request.pool, offeredBy(caller, request)));
    case 'delivery':
      return delivered(parts, request, caller);
    case 'next':
      return nextFile({ ...parts, ...request, caller, tell: paced(parts.nowMs, caller) });
    case 'saved':
      await saved.keep(request.pool, request.entry);
      return null;
  }
}

function worked<T>(result: ActionResult<T>): T {
  if (!result.ok) throw new AnsweredError(result.error);
  return result.value;
}

/** The command reads the file, so that the agent needs no right to it. */
function offeredBy(caller: Caller, request: Extract<Request, { op: 'offer' }>): FileSource {
  const { name, size, mediaType } = request;
  return { name, size, mediaType, read: (offset, length) => caller.read(offset, length) };
}

async function slice(
  rockpool: Rockpool,
  { pool, entry, offset, length }: Extract<Request, { op: 'slice' }>,
): Promise<Uint8Array> {
  const file = worked(await rockpool.openFile(pool, entry));
  return file.read(offset, Math.max(0, Math.min(length, file.size - offset)));
}

/** Resolves once each file is whole on another device; tells how far each is. */
function delivered(
  { rockpool, nowMs }: AnsweringParts,
  request: Extract<Request, { op: 'delivery' }>,
  caller: Caller,
): Promise<null> {
  const wanted = new Set(request.entries);
  const tell = paced(nowMs, caller);
  return untilSeen(rockpool, caller.gone, (view) => {
    const pool = view.pools.find(({ id }) => id === request.pool);
    const files = fileEntries(pool).filter(({ id }) => wanted.has(id));
    if (pool === undefined || files.length < wanted.size) throw new AgentError('ENTRY_UNKNOWN');
    for (const entry of files) tell(sendingProgress(pool, entry));
    return files.every((entry) => entry.transfer.completeOn > 1) ? null : undefined;
  });
}

function sendingProgress(pool: PoolView, entry: FileEntry): AgentProgress {
  const { id, name, size, transfer } = entry;
  const devices = transfer.completeOn - 1;
  return {
    entry: id,
    name,
    size,
    bytes: devices > 0 ? size : Math.min(size, transfer.bytesSent),
    bytesPerSecond: transfer.bytesPerSecond,
    devices,
    online: onlineDevices(pool),
  };
}

/** Tells what changed, not more often than a person can read; what is whole at once. */
function paced(nowMs: () => number, caller: Caller): (event: AgentProgress) => void {
  const told = new Map<Id, { readonly atMs: number; readonly words: string }>();
  return (event) => {
    const before = told.get(event.entry);
    const words = JSON.stringify(event);
    const whole = event.bytes === event.size;
    const soon = before !== undefined && nowMs() - before.atMs < TELL_INTERVAL_MS;
    if (words === before?.words || (soon && !whole)) return;
    told.set(event.entry, { atMs: nowMs(), words });
    caller.tell(event);
  };
}
