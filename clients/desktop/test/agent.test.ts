// The agent over the fakes: it links itself, tells what comes, answers requests.

import { randomBytes } from 'node:crypto';
import type { LinkingView } from '@rockpool/client-core';
import { fileOf, TestWorld } from '@rockpool/client-core/testing';
import t from 'tap';
import { answerRequests } from '../src/agent/answer-requests.ts';
import { type LinkDialog, linkDevice } from '../src/agent/link-device.ts';
import type { News } from '../src/agent/report-entries.ts';
import { runAgent } from '../src/agent/run-agent.ts';
import { SavedFiles } from '../src/agent/saved-files.ts';
import type { Caller } from '../src/control/control-server.ts';
import type { AgentProgress, ReadyFile } from '../src/control/messages.ts';
import { failureOf } from '../src/failure.ts';
import { shortDirectory } from './kit/short-directory.ts';

/** Ada with a pool, and a device of hers that has no account. */
async function adaAndDevice() {
  const world = new TestWorld();
  const ada = world.device().open(world.adminFragment);
  await ada.done(ada.rockpool.createAccount());
  await ada.done(ada.rockpool.createPool('Harbour'));
  const place = world.device();
  return { world, ada, place };
}

const nobody: LinkDialog = { show: () => {}, same: async () => undefined };

t.test('a code that nobody uses is replaced, a bounded number of times', async (t) => {
  const { world, ada, place } = await adaAndDevice();
  const device = place.open();
  await world.time.until('online', () => device.view.server.status === 'online');
  const codes: string[] = [];
  const show = (step: LinkingView) => {
    if (step.step === 'waiting') codes.push(step.code);
  };
  const linking = linkDevice(device.rockpool, { ...nobody, show }).catch((error) => error);
  const error = await world.time.settled(linking, 60 * 60_000);
  t.equal(error.code, 'AGENT_LINK_UNUSED');
  t.equal(new Set(codes).size, 10);
  await device.stop();
  await ada.stop();
});

t.test('digits that differ, or that nobody compares, link nothing', async (t) => {
  const { world, ada, place } = await adaAndDevice();
  const device = place.open();
  await world.time.until('online', () => device.view.server.status === 'online');
  for (const [same, code] of [
    [false, 'LINK_DIGITS'],
    [undefined, 'AGENT_LINK_UNANSWERED'],
  ] as const) {
    const show = (step: LinkingView) => {
      if (step.step === 'waiting') void ada.rockpool.addDevice(step.code);
    };
    const linking = linkDevice(device.rockpool, { show, same: async () => same });
    const failed = await world.time.settled(linking.then(() => undefined, failureOf));
    t.equal(failed?.code, code);
    await world.time.until('over', () => ada.view.linking === undefined);
  }
  t.equal(device.view.stage, 'signedOut');
  await device.stop();
  await ada.stop();
});

t.test('the agent links itself, tells what is new and nothing of before, and ends', async (t) => {
  const { world, ada, place } = await adaAndDevice();
  await ada.say('long ago');
  const stop = new AbortController();
  const news: News[] = [];
  const dataDirectory = shortDirectory(t);
  let [looks, linked] = [false, false];
  const running = runAgent({
    platform: { ...place.platform(), deviceKind: 'desktop' },
    dataDirectory,
    hideAddress: undefined,
    stop: stop.signal,
    screen: {
      linking: (step) => {
        if (step.step === 'waiting') void ada.rockpool.addDevice(step.code);
        if (step.step === 'comparing') ada.rockpool.answerDigits(true);
      },
      same: async () => true,
      linked: () => {
        linked = true;
      },
      news: (one) => void news.push(one),
      trouble: () => {},
      status: () => {
        looks = true;
      },
    },
  });
  // Its socket is real: however much virtual time goes by, the agent is there when that is.
  while (!looks) await world.time.pass(100);
  await world.time.until('linked', () => linked);
  await world.time.until('connected', () => ada.connected === 1);
  await world.time.pass(2_000);
  await ada.say('hello');
  await ada.done(ada.rockpool.offerFile(ada.pool.id, fileOf('a.bin', randomBytes(300_000))));
  await world.time.until('told', () => news.length === 3);
  t.match(news[0], { kind: 'entry', pool: { name: 'Harbour' }, entry: { text: 'hello' } });
  t.match(news[1], { kind: 'entry', entry: { kind: 'file', name: 'a.bin' } });
  t.match(news[2], { kind: 'received', entry: { name: 'a.bin' } });
  t.match(ada.pool.members[0]?.devices, [{}, { kind: 'desktop' }]);
  stop.abort();
  await running;
  await ada.stop();
});

/** A command that is connected, and what it is told. */
function caller(content?: Uint8Array) {
  const gone = new AbortController();
  const told: AgentProgress[] = [];
  const parts: Caller = {
    gone: gone.signal,
    tell: (event) => void told.push(event),
    read: async (offset, length) => (content ?? new Uint8Array(0)).slice(offset, offset + length),
  };
  return { parts, told, leave: () => gone.abort(new Error('gone')) };
}

/** Two people in a pool; the second one's device answers requests. */
async function answering() {
  const { world, ada } = await adaAndDevice();
  const place = world.device();
  const ben = place.open(await ada.inviteFragment());
  await ben.done(ben.rockpool.createAccount());
  await world.time.until('connected', () => ada.connected === 1 && ben.connected === 1);
  const saved = await SavedFiles.load(place.store);
  const nowMs = () => world.time.nowMs();
  const handle = answerRequests({ rockpool: ben.rockpool, saved, nowMs });
  return { world, ada, ben, place, handle, pool: ben.pool.id };
}

t.test('a file is offered, and its delivery told', async (t) => {
  const { world, ada, ben, handle, pool } = await answering();
  const content = randomBytes(700_000);
  const command = caller(content);
  const offer = {
    op: 'offer',
    pool,
    name: 'b.txt',
    size: content.length,
    mediaType: 'a/b',
  } as const;
  const offered = await world.time.settled(handle(offer, command.parts));
  const { entryId } = ('value' in offered ? offered.value : {}) as { entryId: string };
  const delivery = { op: 'delivery', pool, entries: [entryId] } as const;
  await world.time.settled(handle(delivery, command.parts));
  t.match(command.told.at(-1), { name: 'b.txt', devices: 1, bytes: 700_000, online: 1 });
  await world.time.until('it is there', () => ada.files[0]?.transfer.state === 'complete');
  const empty = caller();
  const nothing = { ...offer, name: 'empty', size: 0 } as const;
  const second = await world.time.settled(handle(nothing, empty.parts));
  const { entryId: id } = ('value' in second ? second.value : {}) as { entryId: string };
  await world.time.settled(handle({ ...delivery, entries: [id] }, empty.parts));
  t.match(empty.told.at(-1), { devices: 1 }, 'an empty file is delivered too');
  const unknown = handle({ ...delivery, entries: ['x'] }, empty.parts);
  await t.rejects(world.time.settled(unknown), { code: 'ENTRY_UNKNOWN' });
  await ada.stop();
  await ben.stop();
});

t.test('each file is given to one command, and again until it is saved', async (t) => {
  const { world, ada, ben, place, handle, pool } = await answering();
  const content = randomBytes(300_000);
  await ada.done(ada.rockpool.offerFile(ada.pool.id, fileOf('one', content)));
  await ben.done(ben.rockpool.offerFile(pool, fileOf('own', randomBytes(10))));
  const next = async (command = caller(), wait = false) => {
    const answer = await world.time.settled(handle({ op: 'next', wait }, command.parts));
    return ('value' in answer ? answer.value : null) as ReadyFile | null;
  };
  const first = caller();
  const given = await next(first, true);
  t.match(given, { name: 'one', size: 300_000, pool: { name: 'Harbour' } });
  t.equal(await next(), null, 'nobody else gets it meanwhile, and nobody what is their own');
  first.leave();
  const again = await next();
  t.equal(again?.entry, given?.entry, 'whoever leaves has not saved it');
  const entry = again?.entry ?? '';
  const part = { op: 'slice', pool, entry, offset: 299_990, length: 100 } as const;
  const slice = await world.time.settled(handle(part, caller().parts));
  t.same('slice' in slice && Buffer.from(slice.slice), content.subarray(299_990));
  await world.time.settled(handle({ op: 'saved', pool, entry }, caller().parts));
  t.equal(await next(), null);
  const reopened = await SavedFiles.load(place.store);
  t.notOk(reopened.isFree(pool, entry), 'also after a restart');
  const waiting = caller();
  const later = next(waiting, true);
  await ada.done(ada.rockpool.offerFile(ada.pool.id, fileOf('two', randomBytes(10))));
  t.equal((await later)?.name, 'two');
  await ada.stop();
  await ben.stop();
});

t.test('a full disk is told, and the file comes once there is room', async (t) => {
  const { world, ada, ben, place, handle } = await answering();
  place.blobs.bytesMax = 300_000;
  await ada.done(ada.rockpool.offerFile(ada.pool.id, fileOf('big', randomBytes(900_000))));
  await world.time.until('failed', () => ben.files[0]?.transfer.state === 'failed');
  const request = { op: 'next', wait: true } as const;
  const full = handle(request, caller().parts);
  await t.rejects(world.time.settled(full), { code: 'AGENT_DISK_FULL' });
  place.blobs.bytesMax = 10_000_000;
  const answer = await world.time.settled(handle(request, caller().parts));
  t.match(answer, { value: { name: 'big' } });
  await ada.stop();
  await ben.stop();
});

t.test('before this device has an account, commands are told so', async (t) => {
  const { world, ada, place } = await adaAndDevice();
  const device = place.open();
  const saved = await SavedFiles.load(place.store);
  const handle = answerRequests({ rockpool: device.rockpool, saved, nowMs: () => 0 });
  const asked = handle({ op: 'pools' }, caller().parts);
  await t.rejects(world.time.settled(asked), { code: 'AGENT_NOT_LINKED' });
  await device.stop();
  await ada.stop();
});
