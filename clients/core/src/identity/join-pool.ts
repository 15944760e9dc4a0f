// Into a pool by an invite link: prove the invite's key, look at the chain, sign the join with both
// keys, and verify everything before the pool is shown.

import {
  encodeCbor,
  encodeEnvelope,
  equalBytes,
  type InviteLink,
  inviteProofBytes,
  type Refusal,
  type Result,
  refuse,
  SOCKET_PROOF_LIFE_MAX_MS,
  signInput,
  toHex,
} from '@rockpool/protocol';
import { failed, failedBy, succeeded } from '../action.ts';
import { fetchLinks } from '../chains/fetch-links.ts';
import type { Core } from '../engine/core.ts';
import type { Link } from '../session/link.ts';
import type { ActionResult } from '../view.ts';
import { type InvitePreview, previewInvite } from './preview-invite.ts';
import { authorOf } from './submit-link.ts';

const TRIES_MAX = 4;

/** Shows the invite's key to the node and reads the pool's chain. */
export async function proveInvite(
  core: Core,
  link: Link,
  invite: InviteLink,
): Promise<Result<InvitePreview> | 'offline'> {
  const { hello } = link;
  if (hello === undefined) return 'offline';
  if (!equalBytes(hello.realm, invite.realm)) {
    return refuse('CHAIN_UNKNOWN', 'the invite belongs to another place');
  }
  const { pool, pub, priv } = invite;
  const { crypto, sockets } = core.platform;
  const expiry = hello.time + SOCKET_PROOF_LIFE_MAX_MS / 2;
  const { realm, node, nonce } = hello;
  const proof = { realm, node, origin: sockets.origin, nonce, invite: pub, expiry };
  const sig = await crypto.signWithInviteKey(priv, pub, inviteProofBytes(proof));
  const shown = await link.request({ type: 'prove', pool, key: pub, expiry, sig });
  if (shown === 'closed') return 'offline';
  if (!shown.ok) return shown;
  const ask = async (request: Parameters<Link['request']>[0]) => {
    const answer = await link.request(request);
    return answer === 'closed' ? ('offline' as const) : answer;
  };
  const links = await fetchLinks(ask, 'pool', pool, 0, shown.value);
  if (links === 'offline' || !links.ok) return links;
  return previewInvite(links.value, invite, core.account()?.user, core.session.nowMs());
}

export async function joinPool(
  core: Core,
  invite: InviteLink,
): Promise<ActionResult<{ readonly poolId: string }>> {
  let last: Refusal | 'offline' = 'offline';
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const link = await core.session.link('auth');
    if (link === undefined) return failed('OFFLINE');
    const preview = await proveInvite(core, link, invite);
    if (preview !== 'offline' && preview.ok) {
      if (preview.value.isMember) return enter(core, invite);
      const envelope = await joinEnvelope(core, invite, preview.value);
      const { pool } = invite;
      const answer = await link.request({ type: 'statement', chain: 'pool', ref: pool, envelope });
      if (answer !== 'closed' && answer.ok) return enter(core, invite);
      last = answer === 'closed' ? 'offline' : answer;
    } else {
      last = preview;
    }
    // Used, perhaps by ourselves, when the answer to an earlier try got lost.
    if (last !== 'offline' && last.code === 'CHAIN_USED' && tries > 0) return enter(core, invite);
    if (last !== 'offline' && !MAY_REPEAT.has(last.code)) return failedBy(last);
    const account = core.account();
    if (account !== undefined) await core.chains.refreshUser(account.user);
    await core.session.pause(tries);
  }
  return failedBy(last);
}

const MAY_REPEAT: ReadonlySet<string> = new Set([
  'CHAIN_CONFLICT',
  'CHAIN_STALE',
  'CLUSTER_UNAVAILABLE',
  'CLUSTER_TIMEOUT',
  'LIMIT_RATE',
]);

async function joinEnvelope(core: Core, invite: InviteLink, { head, invite: hash }: InvitePreview) {
  const author = authorOf(core);
  const statement = encodeCbor({
    v: 1,
    kind: 'pool.join',
    pool: invite.pool,
    seq: head[0] + 1,
    prev: head[1],
    time: core.session.nowMs(),
    author,
    invite: hash,
  });
  const message = signInput('stmt', statement);
  const { crypto } = core.platform;
  const byInvite = await crypto.signWithInviteKey(invite.priv, invite.pub, message);
  const byDevice = await core.sign(message);
  return encodeEnvelope({
    v: 1,
    link: statement,
    sigs: [
      { by: 'invite', sig: byInvite },
      { by: 'device', device: author.device, sig: byDevice },
    ],
  });
}

/** A member now: the whole chain and its authors' chains are read and verified. */
async function enter(
  core: Core,
  { pool }: InviteLink,
): Promise<ActionResult<{ readonly poolId: string }>> {
  let last: Awaited<ReturnType<Core['chains']['refreshPool']>> = 'offline';
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    last = await core.chains.refreshPool(pool);
    if (last === 'ok') {
      const room = await core.openPool(pool);
      if (room.isMine) return succeeded({ poolId: toHex(pool[1]) });
    }
    await core.session.pause(tries);
  }
  return typeof last === 'string' ? failed('OFFLINE') : failedBy(last);
}
