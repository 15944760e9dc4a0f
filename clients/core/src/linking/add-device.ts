// The side of the account: a full device goes to the new one under its code, shows the person six
// digits over everything the two have told each other, and signs the new device in when the person has
// seen the same ones there. The code alone never adds anything.

import {
  type Announcement,
  type Bytes,
  encodeEnvelope,
  equalBytes,
  type Introduction,
  MEETING_LIFE_MS,
  type MeetingBegun,
  type MeetingLink,
  meetingCommit,
  meetingDigits,
  meetingMac,
  readMeetingCode,
  signInput,
  type UserState,
} from '@rockpool/protocol';
import { headOf, newest } from '../chains/held-chain.ts';
import type { Core } from '../engine/core.ts';
import { MEETING_LINK_TRIES_MAX, MEETING_REPLY_MS } from '../limits.ts';
import type { NewDeviceView } from '../view.ts';
import { type Attempt, done, ended, type Outcome } from './attempt.ts';
import { deviceAdd } from './device-add.ts';

/** `scanned`: the link of the new device's QR code, where the person came by it. */
export async function addDevice(
  core: Core,
  attempt: Attempt,
  typed: string,
  scanned?: MeetingLink,
): Promise<Outcome<undefined>> {
  attempt.show({ step: 'finding' });
  const code = readMeetingCode(typed);
  if (code === undefined) return ended('LINK_UNKNOWN');
  const link = await core.session.link('auth');
  if (link?.hello === undefined) return ended('OFFLINE');
  if (scanned !== undefined && !equalBytes(scanned.realm, link.hello.realm)) {
    return ended('LINK_UNKNOWN');
  }
  const state = await ownState(core);
  if (state === undefined) return ended('OFFLINE');
  if (attempt.cancelled) return ended('LINK_CANCELLED');
  attempt.follow(link);
  try {
    const met = await link.request({ type: 'meet', code });
    if (met === 'closed') return ended('OFFLINE');
    if (!met.ok) return ended(met.code);
    if (met.value.type !== 'meeting') return ended('PROTOCOL_MALFORMED');
    const place = { address: met.value.address, nearby: met.value.nearby === 1 };
    return await together(core, attempt, link.hello.realm, state, place, scanned);
  } finally {
    await attempt.leave();
  }
}

async function together(
  core: Core,
  attempt: Attempt,
  realm: Bytes,
  state: UserState,
  place: Pick<NewDeviceView, 'address' | 'nearby'>,
  scanned: MeetingLink | undefined,
): Promise<Outcome<undefined>> {
  const { clock, random } = core.platform;
  const endMs = clock.nowMs() + MEETING_LIFE_MS;
  const replyBy = () => Math.min(endMs, clock.nowMs() + MEETING_REPLY_MS);
  const committed = await attempt.hear(replyBy(), 'commit');
  if (!committed.ok) return committed;
  const { commit } = committed.value;
  // Another device than the one whose screen was scanned.
  if (scanned !== undefined && !equalBytes(scanned.commit, commit)) return ended('LINK_DIGITS');
  const introduction = introduce(core, state, random.bytes(32));
  const begun: MeetingBegun = { realm, commit, introduction };
  const mac = scanned === undefined ? {} : { mac: meetingMac(scanned.secret, begun) };
  const sent = await attempt.send({ step: 'introduce', introduction, ...mac });
  if (!sent.ok) return sent;
  const announced = await attempt.hear(replyBy(), 'announce');
  if (!announced.ok) return announced;
  const { announcement } = announced.value;
  if (!equalBytes(meetingCommit(announcement), commit)) return ended('LINK_DIGITS');
  const digits = meetingDigits(begun, announcement);
  const other = { ...place, kind: announcement.device.kind };
  attempt.show({ step: 'comparing', digits, answered: false, expiryMs: endMs, other });
  const same = await attempt.comparison(endMs);
  return same.ok ? add(core, attempt, announcement, endMs) : same;
}

function introduce(core: Core, state: UserState, nonce: Bytes): Introduction {
  const account = core.account();
  if (account === undefined) throw new Error('no account to add to');
  return { user: account.user, head: headOf(state), device: account.device, nonce };
}

/** Both sign the next link of the chain; again where another link was faster. */
async function add(
  core: Core,
  attempt: Attempt,
  { device }: Announcement,
  endMs: number,
): Promise<Outcome<undefined>> {
  let last: Outcome<undefined> = ended('CHAIN_CONFLICT');
  for (let tries = 0; tries < MEETING_LINK_TRIES_MAX; tries++) {
    const state = await ownState(core);
    const account = core.account();
    if (state === undefined || account === undefined) return ended('OFFLINE');
    const statement = deviceAdd(state, device, core.session.nowMs());
    const sent = await attempt.send({ step: 'statement', link: statement });
    if (!sent.ok) return sent;
    const signed = await attempt.hear(endMs, 'own');
    if (!signed.ok) return signed;
    attempt.show({ step: 'adding' });
    const { sig: own } = signed.value;
    const message = signInput('stmt', statement);
    // A node would refuse it as well; so the person hears of it while the other device is there.
    if (!(await core.platform.crypto.verifyP256(device.sign, message, own))) {
      return ended('LINK_ENDED');
    }
    if (attempt.cancelled) return ended('LINK_CANCELLED');
    const sig = await core.sign(message);
    const sigs = [{ by: 'device' as const, device: account.device, sig }];
    const envelope = encodeEnvelope({ v: 1, link: statement, own, sigs });
    const request = { type: 'statement' as const, chain: 'user' as const, ref: account.user };
    const answer = await core.session.request({ ...request, envelope });
    if (answer !== 'offline' && answer.ok) {
      await attempt.send({ step: 'added' });
      await core.chains.refreshUser(account.user);
      return done(undefined);
    }
    last = ended(answer === 'offline' ? 'OFFLINE' : answer.code);
    if (answer === 'offline' || answer.code !== 'CHAIN_CONFLICT') return last;
  }
  return last;
}

/** The account's own chain as it stands now. */
async function ownState(core: Core): Promise<UserState | undefined> {
  const account = core.account();
  if (account === undefined) return undefined;
  const refreshed = await core.chains.refreshUser(account.user);
  const chain = core.chains.user(account.user);
  return refreshed === 'ok' && chain !== undefined ? newest(chain) : undefined;
}
