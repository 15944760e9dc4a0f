// Frames about chains: a link to append, pages to read, the own list of pools.

import { type ClientFrame, type Ref, type Refusal, refuse } from '@rockpool/protocol';
import { appendLink } from '../../commands/append-link.ts';
import { offerLinks } from '../../commands/offer-links.ts';
import { readChain } from '../../commands/read-chain.ts';
import { graceEndMs } from '../../directory/grace.ts';
import type { ChainName, ChainPage } from '../../directory/queries.ts';
import type { Answer, RefusedAnswer, Session } from '../session.ts';
import { remember, userOf } from '../session-state.ts';
import type { GatewayContext } from './gateway-context.ts';

type Frame<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;
type Handled = Promise<Answer | RefusedAnswer>;

export async function handleStatement(
  { commands }: GatewayContext,
  session: Session,
  frame: Frame<'statement'>,
): Handled {
  const user = userOf(session.state);
  if (user === undefined) return refuse('AUTH_REQUIRED', 'no user');
  const appended = await appendLink(commands, user, frame);
  if (!appended.ok) return untilGraceEnds(commands, frame.ref, appended);
  if (frame.chain === 'pool') {
    commands.view.poolChanged(frame.ref);
    session.state = { ...session.state, joined: remember(session.state.joined, frame.ref) };
  }
  return { type: 'ok', ...appended.value };
}

/** Says when to come again. */
async function untilGraceEnds(
  { view, nowMs }: GatewayContext['commands'],
  ref: Ref,
  refusal: Refusal,
): Handled {
  if (refusal.code !== 'CHAIN_GRACE') return refusal;
  const endMs = graceEndMs(await view.grace(ref), nowMs());
  return endMs === undefined ? refusal : { ...refusal, retryAfterMs: endMs - nowMs() };
}

export async function handleOffer({ commands }: GatewayContext, frame: Frame<'offer'>): Handled {
  const taken = await offerLinks(commands, frame);
  return taken.ok ? { type: 'ok' } : taken;
}

export async function handleFetch(
  { commands, hub }: GatewayContext,
  session: Session,
  frame: Frame<'fetch'>,
): Handled {
  const { state } = session;
  const pools = [...state.joined, ...hub.watchedBy(session)];
  const reader = { user: userOf(state), proved: state.proved, pools };
  const page = await readChain(commands, reader, frame);
  return page.ok ? chainAnswer(frame.chain, frame.ref, frame.from, page.value) : page;
}

export async function handlePools({ commands }: GatewayContext, session: Session): Handled {
  return { type: 'pools', pools: await commands.view.poolsOf(session.user) };
}

export function chainAnswer(
  chain: ChainName,
  ref: Ref,
  from: number,
  page: ChainPage | undefined,
): Answer | RefusedAnswer {
  if (page === undefined) return refuse('CHAIN_UNKNOWN', 'unknown or not yours');
  const { links, more, head } = page;
  const stands = head === undefined ? {} : { head };
  return { type: 'chain', chain, ref, from, links, more: more ? 1 : 0, ...stands };
}
