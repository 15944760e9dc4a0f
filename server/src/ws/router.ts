// Which handler takes which frame, and what each costs in the rate limits.

import { type ClientFrame, toHex } from '@rockpool/protocol';
import type { RateLimitName, RateLimits } from '../limits/rate-limits.ts';
import { handleAuth, handleEnrol, handleProve, handleRegister } from './handlers/ceremonies.ts';
import { handleFetch, handleOffer, handlePools, handleStatement } from './handlers/chains.ts';
import type { GatewayContext } from './handlers/gateway-context.ts';
import { handleMeet, handlePart, handlePass, handleRendezvous } from './handlers/meetings.ts';
import type { Answer, RefusedAnswer, Route, Session } from './session.ts';

type Cost = readonly [limit: RateLimitName, key: string];

export function createRoute(context: GatewayContext, limits: RateLimits): Route {
  return async (session, frame) => {
    for (const [limit, key] of costsOf(session, frame)) {
      const retryAfterMs = await limits.take(limit, key);
      if (retryAfterMs !== undefined) {
        return { ok: false, code: 'LIMIT_RATE', detail: limit, retryAfterMs };
      }
    }
    return handle(context, session, frame);
  };
}

function costsOf(session: Session, frame: ClientFrame): readonly Cost[] {
  const { address } = session.from;
  const device = session.state.device === undefined ? address : toHex(session.device);
  switch (frame.type) {
    case 'auth':
    case 'enrol':
    case 'rendezvous':
      return [['ceremonies', address]];
    case 'register': {
      const key = frame.admission?.key;
      return [['ceremonies', address], ...(key === undefined ? [] : [byInvite(key)])];
    }
    case 'prove':
      return [['ceremonies', address], byInvite(frame.key)];
    case 'offer':
      // It proves itself, whoever brings it.
      return [[session.state.device === undefined ? 'ceremonies' : 'statements', device]];
    case 'statement':
    case 'meet':
      return [['statements', device]];
    case 'fetch':
      // A linearizable read goes through the log, as a statement does.
      return [[frame.fresh === 1 ? 'statements' : 'reads', device]];
    case 'pools':
    case 'relays':
    case 'watch':
      return [['reads', device]];
    case 'signal':
    case 'pass':
    case 'part':
      return [['signals', device]];
    case 'ping':
      return [];
  }
}

function byInvite(key: Uint8Array): Cost {
  return ['invite', toHex(key)];
}

async function handle(
  context: GatewayContext,
  session: Session,
  frame: ClientFrame,
): Promise<Answer | RefusedAnswer> {
  switch (frame.type) {
    case 'auth':
      return handleAuth(context, session, frame);
    case 'enrol':
      return handleEnrol(context, session, frame);
    case 'register':
      return handleRegister(context, session, frame);
    case 'prove':
      return handleProve(context, session, frame);
    case 'statement':
      return handleStatement(context, session, frame);
    case 'offer':
      return handleOffer(context, frame);
    case 'fetch':
      return handleFetch(context, session, frame);
    case 'pools':
      return handlePools(context, session);
    case 'relays':
      return { type: 'relays', ...context.relays() };
    case 'watch': {
      const watched = await context.hub.watch(session, frame.pools);
      return watched.ok ? { type: 'ok' } : watched;
    }
    case 'signal': {
      const sent = await context.hub.signal(session, frame);
      return sent.ok ? { type: 'ok' } : sent;
    }
    case 'rendezvous':
      return handleRendezvous(context, session);
    case 'meet':
      return handleMeet(context, session, frame);
    case 'pass':
      return handlePass(context, session, frame);
    case 'part':
      return handlePart(context, session);
    case 'ping':
      return { type: 'pong' };
  }
}
