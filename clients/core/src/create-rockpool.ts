// The engine as user interfaces and agents hold it: actions that never throw and answer in words.

import {
  DISPLAY_NAME_BYTES_MAX,
  FILE_BYTES_MAX,
  FILE_NAME_BYTES_MAX,
  MEDIA_TYPE_BYTES_MAX,
  MESSAGE_TEXT_BYTES_MAX,
  POOL_NAME_BYTES_MAX,
  toHex,
  utf8,
} from '@rockpool/protocol';
import { failed, failedBy, succeeded } from './action.ts';
import { checkConnection } from './doctor/check-connection.ts';
import { Engine } from './engine/engine.ts';
import { takeIn } from './files/take-in.ts';
import { createAccount } from './identity/create-account.ts';
import { joinPool, proveInvite } from './identity/join-pool.ts';
import { createPool, invite } from './identity/own-pools.ts';
import { signIn } from './identity/sign-in.ts';
import { addDevice } from './linking/add-device.ts';
import { type Attempt, ended, type Outcome } from './linking/attempt.ts';
import { joinAccount } from './linking/join-account.ts';
import { cleanFileName, cleanLine, cleanLines } from './messages/clean-text.ts';
import type { PoolRoom } from './pool/pool-room.ts';
import type { Platform } from './ports.ts';
import type { ActionResult, FileSource, Id, Rockpool } from './view.ts';

const HUES = 360;
const PLAIN_MEDIA_TYPE = 'application/octet-stream';

/** Starts the engine on this platform. It opens its store and connects by itself. */
export function createRockpool(platform: Platform): Rockpool {
  const engine = new Engine(platform);
  const started = engine.start();
  let last: Promise<unknown> = started;

  /** Ceremonies and joins run one after another; an unexpected failure is told, not thrown. */
  function inTurn<T>(run: () => Promise<ActionResult<T>>): Promise<ActionResult<T>> {
    const mine = last.then(run).catch(unexpected).then(shown);
    last = mine;
    return mine;
  }

  /** Whoever awaits an action finds what it did in the view. */
  function shown<T>(result: T): T {
    engine.showNow();
    return result;
  }

  /** Waits for its turn, but a person may take minutes over it, so nothing waits behind it. */
  function link(flow: (attempt: Attempt) => Promise<Outcome<unknown>>): Promise<ActionResult> {
    return last
      .then(() => engine.linking.run(flow))
      .catch(unexpected)
      .then(shown);
  }

  async function inRoom<T>(
    poolId: Id,
    run: (room: PoolRoom) => Promise<ActionResult<T>>,
    sends = true,
  ): Promise<ActionResult<T>> {
    const room = engine.rooms.get(poolId);
    if (room === undefined || !room.isMine) return failed('CHAIN_UNKNOWN');
    if (sends && room.stopped) return failed('CHAIN_FORK');
    return run(room).catch(unexpected).then(shown);
  }

  return {
    view: () => engine.view(),
    subscribe: (listener) => engine.subscribe(listener),
    createAccount: () => inTurn(() => register(engine)),
    signIn: () => inTurn(() => returnHere(engine)),
    linkThisDevice: () => link((attempt) => joinAccount(engine, attempt)),
    addDevice: (code) => link((attempt) => addTo(engine, attempt, code)),
    answerDigits: (same) => engine.linking.answer(same),
    cancelLinking: () => void engine.linking.cancel(),
    acceptInvite: () => inTurn(() => accept(engine)),
    dismissArrival: () => engine.forgetArrival(),
    createPool: (name) => inTurn(() => createPool(engine, cleanLine(name, POOL_NAME_BYTES_MAX))),
    invite: (poolId) => inRoom(poolId, (room) => inTurn(() => invite(engine, room))),
    sendText: (poolId, text) => inRoom(poolId, (room) => sendText(room, text)),
    offerFile: (poolId, file) => inRoom(poolId, (room) => offerFile(engine, room, file)),
    fetchFile: (poolId, entryId) =>
      inRoom(poolId, async (room) => fetchFile(engine, room, entryId), false),
    openFile: (poolId, entryId) =>
      inRoom(poolId, async (room) => openFile(engine, room, entryId), false),
    hideAddress: (hides) =>
      inTurn(async () => {
        await engine.paths.hideAddress(hides);
        return succeeded();
      }),
    renameMe: (name, hue) => inTurn(() => renameMe(engine, name, hue)),
    renamePool: (poolId, name) =>
      inRoom(poolId, async (room) => {
        const text = cleanLine(name, POOL_NAME_BYTES_MAX);
        if (text !== '') await room.write('pool', { v: 1, name: text });
        return succeeded();
      }),
    checkConnection: () => checkConnection(engine).then((report) => succeeded(report), unexpected),
    setActivePool: (poolId) => {
      for (const room of engine.rooms.values()) {
        if (room.unread.show(room.id === poolId)) room.pathsChanged();
      }
    },
    stop: async () => {
      await started.catch(() => {});
      await engine.stop();
    },
  };
}

function unexpected(cause: unknown): ReturnType<typeof failed> {
  const name = cause instanceof Error ? cause.name : '';
  return failed(name === 'QuotaExceededError' ? 'STORE_FULL' : 'INTERNAL');
}

async function register(engine: Engine): Promise<ActionResult> {
  const { arrival } = engine;
  if (await linkedMeanwhile(engine)) return succeeded();
  if (arrival.kind !== 'firstAdmin' && arrival.kind !== 'invite') return failed('AUTH_ADMISSION');
  const link = await engine.session.link('hello');
  if (link === undefined) return failed('OFFLINE');
  if (arrival.kind === 'firstAdmin') {
    const made = await createAccount(engine, link, { by: 'token', token: arrival.token });
    if (made.ok) engine.forgetArrival();
    return made;
  }
  // A dead link is found out before the person is asked for a passkey.
  const preview = await proveInvite(engine, link, arrival.invite);
  if (preview === 'offline' || !preview.ok) return failedBy(preview);
  const made = await createAccount(engine, link, { by: 'invite', invite: arrival.invite });
  return made.ok ? joined(await accept(engine)) : made;
}

/** A device has one account: linking it ends before a passkey is asked for, unless it was faster. */
async function linkedMeanwhile(engine: Engine): Promise<boolean> {
  const before = engine.account();
  await engine.linking.cancel();
  return engine.account() !== before;
}

async function returnHere(engine: Engine): Promise<ActionResult> {
  if (await linkedMeanwhile(engine)) return succeeded();
  const link = await engine.session.link('hello');
  if (link === undefined) return failed('OFFLINE');
  const done = await signIn(engine, link);
  if (!done.ok || engine.arrival.kind !== 'invite') return done;
  return joined(await accept(engine));
}

async function addTo(
  engine: Engine,
  attempt: Attempt,
  typed: string | undefined,
): Promise<Outcome<unknown>> {
  const { arrival } = engine;
  if (engine.account() === undefined) return ended('AUTH_REQUIRED');
  if (typed !== undefined) return addDevice(engine, attempt, typed);
  if (arrival.kind !== 'newDevice') return ended('LINK_UNKNOWN');
  // Its code is good for one meeting, however that ends.
  engine.forgetArrival();
  return addDevice(engine, attempt, arrival.link.code, arrival.link);
}

function joined(result: ActionResult<unknown>): ActionResult {
  return result.ok ? succeeded() : result;
}

async function accept(engine: Engine): Promise<ActionResult<{ readonly poolId: Id }>> {
  const { arrival } = engine;
  if (arrival.kind !== 'invite' || engine.account() === undefined) return failed('AUTH_ADMISSION');
  const { pool } = arrival.invite;
  const done = engine.isMemberOf(pool)
    ? succeeded({ poolId: toHex(pool[1]) })
    : await joinPool(engine, arrival.invite);
  if (done.ok) engine.forgetArrival();
  return done;
}

async function sendText(
  room: PoolRoom,
  text: string,
): Promise<ActionResult<{ readonly entryId?: Id }>> {
  const clean = cleanLines(text);
  if (clean === '') return succeeded({});
  if (utf8(clean).length > MESSAGE_TEXT_BYTES_MAX) return failed('PROTOCOL_TOO_LARGE');
  return succeeded({ entryId: await room.write('text', { v: 1, text: clean }) });
}

async function offerFile(
  engine: Engine,
  room: PoolRoom,
  source: FileSource,
): Promise<ActionResult<{ readonly entryId: Id }>> {
  if (source.size > FILE_BYTES_MAX) return failed('FILE_TOO_LARGE');
  const file = await takeIn(engine.platform, source);
  await engine.swarm.adopt(room.id, file);
  const type = cleanLine(source.mediaType, MEDIA_TYPE_BYTES_MAX) || PLAIN_MEDIA_TYPE;
  const name = cleanFileName(source.name, FILE_NAME_BYTES_MAX);
  const entryId = await room.write('file', {
    v: 1,
    hash: 'sha256',
    root: file.root,
    size: file.size,
    type,
    name,
  });
  return succeeded({ entryId });
}

async function fetchFile(engine: Engine, room: PoolRoom, entryId: Id): Promise<ActionResult> {
  const file = room.fileOf(entryId);
  if (file === undefined) return failed('CHAIN_UNKNOWN');
  await engine.swarm.fetch(room.id, file.root, file.size);
  return succeeded();
}

async function openFile(
  engine: Engine,
  room: PoolRoom,
  entryId: Id,
): Promise<ActionResult<FileSource>> {
  const entry = room.entry(entryId);
  const file = engine.swarm.file(room.fileOf(entryId)?.id ?? '');
  if (entry?.kind !== 'file' || file === undefined || !file.complete) return failed('FILE_BLOCK');
  const { blobs } = engine.platform;
  return succeeded<FileSource>({
    name: entry.name,
    size: entry.size,
    mediaType: entry.mediaType,
    blobName: file.blob,
    read: (offset, length) =>
      file.size === 0
        ? Promise.resolve(new Uint8Array(0))
        : blobs.read(file.blob, offset, Math.min(length, file.size - offset)),
  });
}

async function renameMe(engine: Engine, name: string, hue: number): Promise<ActionResult> {
  const text = cleanLine(name, DISPLAY_NAME_BYTES_MAX);
  if (text === '' || engine.account() === undefined) return failed('PROTOCOL_MALFORMED');
  const profile = { name: text, hue: ((Math.round(hue) % HUES) + HUES) % HUES };
  await engine.keepProfile(profile);
  for (const room of engine.rooms.values()) {
    if (room.isMine && !room.stopped) await room.write('profile', { v: 1, ...profile });
  }
  return succeeded();
}
