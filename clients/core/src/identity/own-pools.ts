// Making a pool, and inviting into it.

import {
  type Bytes,
  EXPIRY_MARGIN_MS,
  encodeCbor,
  encodeEnvelope,
  encodeInviteLink,
  INVITE_LIFE_MAX_MS,
  linkHash,
  poolRef,
  signInput,
  toHex,
} from '@rockpool/protocol';
import { failed, failedBy, succeeded } from '../action.ts';
import { newest } from '../chains/held-chain.ts';
import type { Core } from '../engine/core.ts';
import type { PoolRoom } from '../pool/pool-room.ts';
import type { ActionResult, InviteView } from '../view.ts';
import { authorOf, submitPoolLink } from './submit-link.ts';

const TRIES_MAX = 3;

export async function createPool(
  core: Core,
  name: string,
): Promise<ActionResult<{ readonly poolId: string }>> {
  const account = core.account();
  if (account === undefined) return failed('AUTH_REQUIRED');
  const salt = core.platform.random.bytes(16);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const statement = encodeCbor({ v: 1, kind: 'pool.genesis', salt, author: authorOf(core) });
    const envelope = await signed(core, account.device, statement);
    const pool = poolRef(linkHash(statement));
    const request = { type: 'statement' as const, chain: 'pool' as const, ref: pool, envelope };
    const answer = await core.session.request(request);
    if (answer === 'offline') return failed('OFFLINE');
    if (answer.ok) {
      const time = 'time' in answer.value ? answer.value.time : undefined;
      const logTime = time ?? core.session.nowMs();
      await core.chains.accepted('pool', pool, { envelope, time: logTime });
      const room = await core.openPool(pool);
      if (name !== '') await room.write('pool', { v: 1, name });
      return succeeded({ poolId: toHex(pool[1]) });
    }
    if (answer.code !== 'CHAIN_STALE') return failedBy(answer);
    await core.chains.refreshUser(account.user);
  }
  return failed('CHAIN_STALE');
}

export async function invite(core: Core, room: PoolRoom): Promise<ActionResult<InviteView>> {
  const account = core.account();
  if (account === undefined) return failed('AUTH_REQUIRED');
  const { priv, pub } = await core.platform.crypto.createInviteKey();
  const expiry = core.session.nowMs() + INVITE_LIFE_MAX_MS - EXPIRY_MARGIN_MS;
  const submitted = await submitPoolLink(core, room.ref, async (chain) => {
    const state = newest(chain);
    const statement = encodeCbor({
      v: 1,
      kind: 'pool.invite',
      pool: room.ref,
      seq: state.seq + 1,
      prev: state.head,
      time: core.session.nowMs(),
      author: authorOf(core),
      key: pub,
      role: 'member',
      uses: 1,
      expiry,
      approval: 0,
    });
    return { ok: true, value: await signed(core, account.device, statement) };
  });
  if (submitted === 'offline') return failed('OFFLINE');
  if (!submitted.ok) return failedBy(submitted);
  const { realm } = account;
  const fragment = encodeInviteLink({ v: 1, realm, pool: room.ref, priv, pub });
  return succeeded({ link: `${core.platform.sockets.origin}/#${fragment}`, expiryMs: expiry });
}

async function signed(core: Core, device: Bytes, statement: Bytes): Promise<Bytes> {
  const sig = await core.sign(signInput('stmt', statement));
  return encodeEnvelope({ v: 1, link: statement, sigs: [{ by: 'device', device, sig }] });
}
