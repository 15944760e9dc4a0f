// Brings a link of our own into a chain: built on what is held, and when somebody else was faster,
// looked at again and signed again, never blindly.

import { type Bytes, type Ref, type Refusal, type Result, refuse } from '@rockpool/protocol';
import { newest, type PoolChain } from '../chains/held-chain.ts';
import type { Core } from '../engine/core.ts';

const TRIES_MAX = 4;

export type Submitted = Result<undefined> | 'offline';

/** `build` answers an envelope for the chain as it stands, or why there is nothing to add. */
export async function submitPoolLink(
  core: Core,
  pool: Ref,
  build: (chain: PoolChain) => Promise<Result<Bytes>>,
): Promise<Submitted> {
  let last: Refusal = refuse('CHAIN_CONFLICT', 'others were faster every time');
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const chain = core.chains.pool(pool);
    if (chain === undefined) return refuse('CHAIN_UNKNOWN', 'the pool is not held');
    const envelope = await build(chain);
    if (!envelope.ok) return envelope;
    const answer = await core.session.request({
      type: 'statement',
      chain: 'pool',
      ref: pool,
      envelope: envelope.value,
    });
    if (answer === 'offline') return answer;
    if (answer.ok) {
      const time = 'time' in answer.value ? answer.value.time : undefined;
      if (time !== undefined) {
        await core.chains.accepted('pool', pool, { envelope: envelope.value, time });
      }
      return { ok: true, value: undefined };
    }
    if (answer.code !== 'CHAIN_CONFLICT' && answer.code !== 'CHAIN_STALE') return answer;
    last = answer;
    const account = core.account();
    if (account !== undefined) await core.chains.refreshUser(account.user);
    await core.chains.refreshPool(pool);
    await core.session.pause(tries);
  }
  return last;
}

/** The author of a pool link by this device, citing the newest head of its own user. */
export function authorOf(core: Core) {
  const account = core.account();
  const chain = account && core.chains.user(account.user);
  if (account === undefined || chain === undefined) throw new Error('no account to sign for');
  const { seq, head } = newest(chain);
  return { user: account.user, head: [seq, head] as const, device: account.device };
}
