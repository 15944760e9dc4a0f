// What a socket has shown, and so what it may send. Pure.

import {
  type ClientFrame,
  type DeviceEntry,
  type ErrorCode,
  equalRefs,
  type Ref,
} from '@rockpool/protocol';

export interface ShownDevice {
  readonly user: Ref;
  readonly entry: DeviceEntry;
}

export interface SessionState {
  readonly device?: ShownDevice;
  /** The user for whom a passkey signed here: the device.add may follow. */
  readonly enrolled?: Ref;
  /** Pools whose invite was proved here. */
  readonly proved: readonly Ref[];
  /** Pools that this socket has just made or joined. */
  readonly joined: readonly Ref[];
}

export const NEW_SESSION: SessionState = { proved: [], joined: [] };

/** Pools remembered as proved or joined; the oldest are forgotten. */
const POOLS_REMEMBERED_MAX = 16;

/** Undefined: the frame may be handled. */
export function refusalFor(state: SessionState, frame: ClientFrame): ErrorCode | undefined {
  switch (frame.type) {
    case 'ping':
    case 'enrol':
    case 'register':
    case 'prove':
    case 'offer':
    case 'pass':
    case 'part':
      return undefined;
    case 'rendezvous':
    case 'auth':
      return state.device === undefined ? undefined : 'AUTH_PROOF';
    case 'statement':
    case 'fetch':
      return state.device !== undefined || opened(state, frame) ? undefined : 'AUTH_REQUIRED';
    case 'pools':
    case 'relays':
    case 'watch':
    case 'signal':
    case 'meet':
      return state.device === undefined ? 'AUTH_REQUIRED' : undefined;
  }
}

/** Without a device: the chain of the enrolled user, and reading a pool whose invite was proved. */
function opened(
  state: SessionState,
  frame: Extract<ClientFrame, { type: 'statement' | 'fetch' }>,
): boolean {
  if (frame.chain === 'user') {
    return state.enrolled !== undefined && equalRefs(state.enrolled, frame.ref);
  }
  return frame.type === 'fetch' && state.proved.some((pool) => equalRefs(pool, frame.ref));
}

/** The user in whose name the socket acts. */
export function userOf(state: SessionState): Ref | undefined {
  return state.device?.user ?? state.enrolled;
}

export function remember(pools: readonly Ref[], pool: Ref): readonly Ref[] {
  return [...pools.filter((other) => !equalRefs(other, pool)), pool].slice(-POOLS_REMEMBERED_MAX);
}
