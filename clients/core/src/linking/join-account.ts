// The new device's side: it waits under a code, commits to its keys before it knows who comes, and
// lets itself be added only to the account that its person has seen the same digits on. Nothing a
// server says decides anything here.

import {
  type Announcement,
  type Bytes,
  DEVICE_LIFE_MAX_MS,
  type DeviceAdd,
  deviceId,
  encodeCbor,
  encodeMeetingLink,
  equalBytes,
  equalRefs,
  findDevice,
  formatMeetingCode,
  type Introduction,
  MEETING_LIFE_MS,
  type MeetingBegun,
  meetingCommit,
  meetingDigits,
  meetingMac,
  signInput,
  toHex,
} from '@rockpool/protocol';
import { newest } from '../chains/held-chain.ts';
import type { Core } from '../engine/core.ts';
import { MEETING_ENTER_TRIES_MAX, MEETING_REPLY_MS } from '../limits.ts';
import type { Link } from '../session/link.ts';
import type { Account } from '../store/account.ts';
import { type Attempt, done, ended, type Outcome } from './attempt.ts';
import { readDeviceAdd } from './device-add.ts';

export async function joinAccount(core: Core, attempt: Attempt): Promise<Outcome<undefined>> {
  attempt.show({ step: 'opening' });
  const link = await core.session.link('hello');
  if (link?.hello === undefined) return ended('OFFLINE');
  if (core.account() !== undefined) return ended('LINK_CANCELLED');
  attempt.follow(link);
  const newcomer = await makeNewcomer(core, link.hello.realm);
  try {
    const account = await meet(core, attempt, link, newcomer);
    const joined = account.ok ? await enter(core, attempt, account.value) : account;
    if (!joined.ok) await core.platform.keys.remove(newcomer.keys);
    return joined;
  } finally {
    core.session.disown();
    await attempt.leave();
  }
}

/** What this device brings: keys under a name, and what it says of them. */
interface Newcomer {
  readonly keys: string;
  readonly realm: Bytes;
  readonly announcement: Announcement;
  readonly commit: Bytes;
}

/** The account as the other device and the person's eyes vouch for it. */
interface Promised {
  readonly account: Account;
  readonly introduction: Introduction;
}

async function makeNewcomer({ platform }: Core, realm: Bytes): Promise<Newcomer> {
  const keys = `device-${toHex(platform.random.bytes(8))}`;
  const points = await platform.keys.create(keys);
  const device = { ...points, kind: platform.deviceKind };
  const announcement = { device, nonce: platform.random.bytes(32) };
  return { keys, realm, announcement, commit: meetingCommit(announcement) };
}

async function meet(
  core: Core,
  attempt: Attempt,
  link: Link,
  newcomer: Newcomer,
): Promise<Outcome<Promised>> {
  const { platform } = core;
  const { realm, commit, announcement } = newcomer;
  const opened = await link.request({ type: 'rendezvous' });
  if (opened === 'closed') return ended('OFFLINE');
  if (!opened.ok) return ended(opened.code);
  if (opened.value.type !== 'rendezvous') return ended('PROTOCOL_MALFORMED');
  const { code } = opened.value;
  const secret = platform.random.bytes(32);
  const expiryMs = platform.clock.nowMs() + MEETING_LIFE_MS;
  const fragment = encodeMeetingLink({ v: 1, realm, code, commit, secret });
  attempt.show({
    step: 'waiting',
    code: formatMeetingCode(code),
    link: `${platform.sockets.origin}/#device=${fragment}`,
    expiryMs,
  });
  const met = await attempt.metBy(expiryMs);
  if (!met.ok) return met;
  const endMs = platform.clock.nowMs() + MEETING_LIFE_MS;
  const replyBy = () => Math.min(endMs, platform.clock.nowMs() + MEETING_REPLY_MS);
  const sent = await attempt.send({ step: 'commit', commit });
  if (!sent.ok) return sent;
  const introduced = await attempt.hear(replyBy(), 'introduce');
  if (!introduced.ok) return introduced;
  const { introduction, mac } = introduced.value;
  const begun: MeetingBegun = { realm, commit, introduction };
  // Whoever says they scanned the code must have its secret; else it is not our person.
  if (mac !== undefined && !equalBytes(mac, meetingMac(secret, begun))) return ended('LINK_DIGITS');
  const announced = await attempt.send({ step: 'announce', announcement });
  if (!announced.ok) return announced;
  const digits = meetingDigits(begun, announcement);
  attempt.show({ step: 'comparing', digits, answered: mac !== undefined, expiryMs: endMs });
  if (mac === undefined) {
    const same = await attempt.comparison(endMs);
    if (!same.ok) return same;
  }
  return signIn(core, attempt, newcomer, introduction, endMs);
}

/** Signs the link that adds this very device to this very account, as often as the chain grew meanwhile. */
async function signIn(
  core: Core,
  attempt: Attempt,
  { keys, announcement, realm }: Newcomer,
  introduction: Introduction,
  endMs: number,
): Promise<Outcome<Promised>> {
  let signed: DeviceAdd | undefined;
  for (;;) {
    const heard = await attempt.hear(endMs, 'statement', 'added');
    // The device may stand in the chain although nobody could say so any more.
    if (!heard.ok && signed === undefined) return heard;
    if (!heard.ok || heard.value.step === 'added') {
      if (signed === undefined) return ended('LINK_ENDED');
      const device = deviceId(announcement.device.sign);
      const { expiry } = signed;
      const account = { realm, user: introduction.user, device, keys, expiry };
      return done({ account, introduction });
    }
    const { link } = heard.value;
    const statement = readDeviceAdd(link);
    if (statement === undefined || !addsMe(core, statement, announcement, introduction)) {
      return ended('LINK_ENDED');
    }
    attempt.show({ step: 'adding' });
    signed = statement;
    const sig = await core.platform.keys.sign(keys, signInput('stmt', link));
    const sent = await attempt.send({ step: 'own', sig });
    if (!sent.ok) return sent;
  }
}

/** [MEET-5] The link adds exactly the announced keys, to the account of the digits, after its head. */
function addsMe(
  core: Core,
  statement: DeviceAdd,
  { device }: Announcement,
  { user, head }: Introduction,
): boolean {
  const nowMs = core.session.nowMs();
  return (
    equalRefs(statement.user, user) &&
    statement.seq > head[0] &&
    (statement.seq > head[0] + 1 || equalBytes(statement.prev, head[1])) &&
    equalBytes(encodeCbor(statement.device), encodeCbor(device)) &&
    statement.capability === 'full' &&
    statement.enrol === undefined &&
    statement.expiry > nowMs &&
    statement.expiry <= nowMs + DEVICE_LIFE_MAX_MS
  );
}

/**
 * The cluster must know the device, and show the very chain that the other device spoke of. Asked for
 * a while: sockets break, and the other device may still be about it at another node.
 */
async function enter(
  core: Core,
  attempt: Attempt,
  promised: Promised,
): Promise<Outcome<undefined>> {
  const { account } = promised;
  let last: Outcome<undefined> = ended('LINK_ENDED');
  for (let tries = 0; tries < MEETING_ENTER_TRIES_MAX; tries++) {
    if (tries > 0) await core.session.pause(tries);
    if (attempt.cancelled) return ended('LINK_CANCELLED');
    if (!(await core.isKnownDevice(account))) continue;
    const refreshed = await core.chains.refreshUser(account.user);
    if (refreshed === 'ok') return adopt(core, attempt, promised);
    last = ended(typeof refreshed === 'string' ? 'OFFLINE' : refreshed.code);
    if (typeof refreshed !== 'string') return last;
  }
  return last;
}

async function adopt(
  core: Core,
  attempt: Attempt,
  { account, introduction }: Promised,
): Promise<Outcome<undefined>> {
  const { user, head } = introduction;
  const chain = core.chains.user(user);
  const agreed = chain?.states[head[0]];
  const shows =
    chain !== undefined &&
    agreed !== undefined &&
    equalBytes(agreed.head, head[1]) &&
    findDevice(newest(chain), account.device) !== undefined;
  if (!shows) return ended('CHAIN_FORK');
  if (attempt.cancelled) return ended('LINK_CANCELLED');
  await core.adoptAccount(account);
  return done(undefined);
}
