// Keeps the chains of this device's account and pools up with the servers: all of them when a socket is
// authenticated, one when a node says that it grew.

import { equalBytes, equalRefs, type Ref, type Refusal, toHex } from '@rockpool/protocol';
import { bringAllBack } from '../chains/bring-back.ts';
import type { Ask } from '../chains/fetch-links.ts';
import { newest } from '../chains/held-chain.ts';
import type { Core } from './core.ts';
import { newsOfDevices } from './own-devices.ts';

export class ChainFollower {
  readonly #core: Core;
  /** Links of the own chain whose news have been told, or are older than this run. */
  #told: number | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** A socket is authenticated: everything that servers push has to be asked for again. */
  async readAll(): Promise<void> {
    const { session, rooms } = this.#core;
    const answer = await session.request({ type: 'pools' });
    if (answer === 'offline' || !answer.ok || answer.value.type !== 'pools') return;
    await this.#readMe();
    const refs = answer.value.pools;
    const others = [...rooms.values()]
      .map((room) => room.ref)
      .filter((ref) => !refs.some((listed) => equalBytes(listed[1], ref[1])));
    await Promise.all([...refs, ...others].map((ref) => this.#readPool(ref)));
    if (session.hello?.grace !== undefined)
      await this.#bringBack((request) => session.request(request));
  }

  /** The servers do not know this device: by links that they lost they may come to. */
  async forgotten(ask: Ask): Promise<void> {
    const { chains, platform } = this.#core;
    const account = this.#core.account();
    if (account === undefined) return;
    const { clock } = platform;
    await bringAllBack({ chains, ask, clock, unseen: true }, account.user);
  }

  async #bringBack(ask: Ask): Promise<void> {
    const { chains, platform } = this.#core;
    for (const ref of chains.poolRefs()) {
      const chain = chains.pool(ref);
      for (const { user } of chain === undefined ? [] : newest(chain).members) {
        await chains.refreshUser(user, ask);
      }
    }
    await bringAllBack({ chains, ask, clock: platform.clock }, this.#core.account()?.user);
  }

  async grown(chain: 'user' | 'pool', ref: Ref): Promise<void> {
    const me = this.#core.account()?.user;
    if (chain === 'pool') await this.#readPool(ref);
    else if (me !== undefined && equalRefs(ref, me)) await this.#readMe();
    else await this.#core.chains.refreshUser(ref);
  }

  /** The own chain, and news of what others of the person's devices have done to it. */
  async #readMe(): Promise<void> {
    const { chains } = this.#core;
    const account = this.#core.account();
    if (account === undefined) return;
    this.#told ??= chains.user(account.user)?.links.length;
    await chains.refreshUser(account.user);
    const chain = chains.user(account.user);
    if (chain === undefined) return;
    // Others extend the held chain as well; what was told counts, not what this very refresh brought.
    const from = this.#told ?? chain.links.length;
    this.#told = chain.links.length;
    for (const news of newsOfDevices(chain, from, account.device)) this.#core.notify('info', news);
  }

  async #readPool(ref: Ref): Promise<void> {
    const { chains, rooms } = this.#core;
    const refreshed = await chains.refreshPool(ref);
    if (chains.pool(ref) !== undefined && !rooms.has(toHex(ref[1]))) await this.#core.openPool(ref);
    if (typeof refreshed !== 'string') this.#tellRefusal(refreshed);
  }

  #tellRefusal(refusal: Refusal): void {
    if (refusal.code === 'CHAIN_FORK' || refusal.code === 'CHAIN_SIGNATURE') {
      this.#core.notify(
        'bad',
        'A server showed a pool history that does not hold. It was not taken.',
      );
    }
  }
}
