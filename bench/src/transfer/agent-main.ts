// A desktop agent that does what the bench asks: the engine over the desktop's own platform. Its account is
// made here by an authenticator of the tests, since no test machine has a fingerprint reader.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type ActionResult,
  createRockpool,
  type FileEntry,
  type FileSource,
  type Rockpool,
} from '@rockpool/client-core';
import { FakeAuthenticator } from '@rockpool/client-core/testing';
import { type DesktopPlatform, openDesktopPlatform } from '@rockpool/desktop';
import { answerRequests } from '../harness/answer-requests.ts';

const PASSPHRASE = 'of no use to anybody';
const SLICE_BYTES = 2 ** 20;

const [, , dataDirectory = ''] = process.argv;
let desktop: DesktopPlatform | undefined;
let rockpool: Rockpool | undefined;
let completed: Promise<number> = Promise.reject(new Error('no file was expected'));
completed.catch(() => {});

answerRequests({
  async arrive(link) {
    const { origin, hash } = new URL(link);
    desktop = await openDesktopPlatform({
      dataDirectory,
      origin,
      arrivalFragment: hash.slice(1),
      keyring: undefined,
      passphrases: { ask: async () => PASSPHRASE },
      onStoreFailed: (error) => {
        throw error;
      },
    });
    const passkeys = new FakeAuthenticator().port(origin);
    rockpool = createRockpool({ ...desktop.platform, passkeys });
    await until(() => running().view().stage === 'signedOut');
    done(await running().createAccount());
    return '';
  },
  async createPool() {
    const { poolId } = done(await running().createPool('Bench'));
    return done(await running().invite(poolId)).link;
  },
  async connected() {
    await until(() => {
      const devices = pool()?.members.flatMap((member) => member.devices) ?? [];
      return devices.some((device) => !device.isThis && device.path === 'direct');
    });
    return '';
  },
  async offer(path) {
    const file = await open(path);
    try {
      const source: FileSource = {
        name: basename(path),
        size: (await file.stat()).size,
        mediaType: 'application/octet-stream',
        read: async (offset, length) => {
          const data = new Uint8Array(length);
          const { bytesRead } = await file.read(data, 0, length, offset);
          return data.subarray(0, bytesRead);
        },
      };
      done(await running().offerFile(pool()?.id ?? '', source));
    } finally {
      await file.close();
    }
    return '';
  },
  async begins(name) {
    await until(() => entry(name) !== undefined);
    const startedMs = performance.now();
    completed = until(() => isComplete(name)).then(() => performance.now() - startedMs);
    completed.catch(() => {});
    return '';
  },
  completes: async () => `${await completed}`,
  async digest(name) {
    const content = done(await running().openFile(pool()?.id ?? '', entry(name)?.id ?? ''));
    const hash = createHash('sha256');
    for (let offset = 0; offset < content.size; offset += SLICE_BYTES) {
      hash.update(await content.read(offset, SLICE_BYTES));
    }
    return hash.digest('hex');
  },
});

process.once('SIGTERM', async () => {
  await rockpool?.stop();
  await desktop?.close();
  process.exit();
});

function running(): Rockpool {
  if (rockpool === undefined) throw new Error('it has not arrived yet');
  return rockpool;
}

function done<Value>(result: ActionResult<Value>): Value {
  if (result.ok) return result.value;
  throw new Error(`${result.error.code}: ${result.error.message}`);
}

/** Resolves in the turn in which the engine shows it. */
function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      try {
        if (!condition()) return;
        resolve();
      } catch (error) {
        reject(error);
      }
      unsubscribe();
    };
    const unsubscribe = running().subscribe(look);
    look();
  });
}

function pool() {
  return running().view().pools[0];
}

function entry(name: string): FileEntry | undefined {
  const files = (pool()?.entries ?? []).filter((each) => each.kind === 'file');
  return files.find((file) => file.name === name);
}

function isComplete(name: string): boolean {
  const transfer = entry(name)?.transfer;
  if (transfer?.failure !== undefined) throw new Error(`the transfer failed: ${transfer.failure}`);
  return transfer?.state === 'complete';
}
