// Frames of two devices that meet so that one adds the other to its account.

import { type ClientFrame, readMeetingCode, refuse } from '@rockpool/protocol';
import { tryMeeting } from '../../commands/try-meeting.ts';
import type { Answer, RefusedAnswer, Session } from '../session.ts';
import type { GatewayContext } from './gateway-context.ts';

type Frame<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;
type Handled = Promise<Answer | RefusedAnswer>;

export async function handleRendezvous({ meetings }: GatewayContext, session: Session): Handled {
  // It may have gone while the limits were asked; nobody would take its seat away again.
  if (session.ended) return refuse('LINK_ENDED', 'the socket is gone');
  const opened = meetings.open(session);
  return opened.ok ? { type: 'rendezvous', ...opened.value } : opened;
}

/** The try is counted in the log before anybody learns whether the code is open. */
export async function handleMeet(
  { commands, meetings }: GatewayContext,
  session: Session,
  frame: Frame<'meet'>,
): Handled {
  const code = readMeetingCode(frame.code);
  if (code !== frame.code) return refuse('LINK_UNKNOWN', 'not a code');
  if (meetings.has(session)) return refuse('LINK_BUSY', 'one at a time');
  const { device } = session.state;
  if (device === undefined) return refuse('AUTH_REQUIRED', 'no device');
  const counted = await tryMeeting(commands, device);
  if (!counted.ok) return counted;
  if (session.ended) return refuse('LINK_ENDED', 'the socket is gone');
  const met = await meetings.meet(session, code);
  if (!met.ok) return met;
  const { address, nearby } = met.value;
  return { type: 'meeting', address, nearby: nearby ? 1 : 0 };
}

export async function handlePass(
  { meetings }: GatewayContext,
  session: Session,
  frame: Frame<'pass'>,
): Handled {
  const passed = await meetings.pass(session, frame.body);
  return passed.ok ? { type: 'ok' } : passed;
}

export async function handlePart({ meetings }: GatewayContext, session: Session): Handled {
  meetings.leave(session);
  return { type: 'ok' };
}
