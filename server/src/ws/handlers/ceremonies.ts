// Frames that prove something on a socket: a device, a passkey, a new account, an invite.

import {
  type Socket,
  type SocketProofRequest,
  verifyEnrolment,
  verifyInviteProof,
  verifySocketProof,
} from '@rockpool/auth';
import { accept, type ClientFrame, type Ref, type Result, refuse } from '@rockpool/protocol';
import { register } from '../../commands/register.ts';
import type { Answer, RefusedAnswer, Session } from '../session.ts';
import { remember, type ShownDevice } from '../session-state.ts';
import { chainAnswer } from './chains.ts';
import type { GatewayContext } from './gateway-context.ts';

type Frame<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;
type Handled = Promise<Answer | RefusedAnswer>;

export async function handleAuth(
  context: GatewayContext,
  session: Session,
  frame: Frame<'auth'>,
): Handled {
  let shown = await showDevice(context, session, frame.user, frame);
  if (!shown.ok && shown.code === 'AUTH_DEVICE_UNKNOWN') {
    // The device may have been added through another node a moment ago.
    await context.commands.view.catchUp(frame.user);
    shown = await showDevice(context, session, frame.user, frame);
  }
  if (!shown.ok) return shown;
  if (session.state.device !== undefined) return refuse('AUTH_PROOF', 'shown already');
  if (!session.ended) {
    session.state = { ...session.state, device: shown.value };
    context.hub.attach(session);
    // The device may have lost its account before the hub knew whom to tell.
    const { user, device } = session;
    if (!(await context.commands.view.deviceActive(user, device))) {
      session.end('AUTH_DEVICE_UNKNOWN');
    }
  }
  return { type: 'ok' };
}

async function showDevice(
  { commands, nodeId }: GatewayContext,
  session: Session,
  user: Ref,
  request: SocketProofRequest,
): Promise<Result<ShownDevice>> {
  const socket = proofSocket(commands.realm, nodeId, session);
  const state = await commands.view.user(user);
  const entry = verifySocketProof(socket, request, state, commands.nowMs(), commands.verify);
  return entry.ok ? accept({ user, entry: entry.value }) : entry;
}

export async function handleEnrol(
  { commands }: GatewayContext,
  session: Session,
  frame: Frame<'enrol'>,
): Handled {
  const { party, verify, view } = commands;
  const ports = { party, verify, userByHandle: (handle: Uint8Array) => view.userByHandle(handle) };
  const user = await verifyEnrolment(ports, { ...frame, nowMs: commands.nowMs() });
  if (!user.ok) return user;
  const { ref } = user.value;
  session.state = { ...session.state, enrolled: ref };
  return chainAnswer('user', ref, 0, await view.page('user', ref, 0));
}

export async function handleRegister(
  { commands }: GatewayContext,
  session: Session,
  frame: Frame<'register'>,
): Handled {
  const made = await register(commands, session.from, frame);
  return made.ok ? { type: 'ok', ...made.value } : made;
}

export async function handleProve(
  { commands, nodeId }: GatewayContext,
  session: Session,
  frame: Frame<'prove'>,
): Handled {
  const { view, verify, nowMs, realm } = commands;
  const socket = proofSocket(realm, nodeId, session);
  let proved = verifyInviteProof(socket, frame, await view.pool(frame.pool), nowMs(), verify);
  if (!proved.ok && proved.code === 'CHAIN_UNKNOWN') {
    // The invite may have been made through another node a moment ago.
    await view.catchUp(frame.pool);
    proved = verifyInviteProof(socket, frame, await view.pool(frame.pool), nowMs(), verify);
  }
  if (!proved.ok) return proved;
  const { pool } = frame;
  session.state = { ...session.state, proved: remember(session.state.proved, pool) };
  return chainAnswer('pool', pool, 0, await view.page('pool', pool, 0));
}

function proofSocket(realm: Uint8Array, node: Uint8Array, { from }: Session): Socket {
  return { realm, node, origin: from.origin, nonce: from.nonce };
}
