// The one view of everything, built from the parts that changed and the parts that did not.

import { friendlyName, toHex } from '@rockpool/protocol';
import { accountDevices } from '../identity/account-devices.ts';
import { type ArrivalSecret, arrivalView } from '../identity/arrival.ts';
import { reuse } from '../pool/pool-view.ts';
import type { Capabilities, ClientView, Me, Stage } from '../view.ts';
import type { Core } from './core.ts';

export interface ViewInput {
  readonly core: Core;
  readonly stage: Stage;
  readonly capabilities: Capabilities;
  readonly arrival: ArrivalSecret;
  readonly linking: ClientView['linking'];
  readonly notices: ClientView['notices'];
}

export const FIRST_VIEW: ClientView = {
  stage: 'starting',
  capabilities: { usable: true, thisDevice: false, phone: false, securityKey: false },
  arrival: { kind: 'none' },
  server: { status: 'connecting', nodes: [], unclaimed: false },
  pools: [],
  notices: [],
};

/** The same object as before when nothing in it changed. */
export function clientView(before: ClientView, input: ViewInput): ClientView {
  const { core, stage, notices } = input;
  const me = reuse(before.me, stage === 'signedIn' ? meView(core) : undefined);
  const rooms = stage === 'signedIn' ? [...core.rooms.values()] : [];
  const pools = rooms.filter((room) => room.isMine).map((room) => room.view());
  const samePools =
    pools.length === before.pools.length && pools.every((pool, i) => pool === before.pools[i]);
  const view: ClientView = {
    stage,
    capabilities: reuse(before.capabilities, input.capabilities),
    arrival: reuse(before.arrival, arrivalView(input.arrival)),
    server: reuse(before.server, core.session.view()),
    ...(me === undefined ? {} : { me }),
    ...(input.linking === undefined ? {} : { linking: input.linking }),
    pools: samePools ? before.pools : pools,
    notices,
  };
  const keys: readonly (keyof ClientView)[] = [
    'stage',
    'capabilities',
    'arrival',
    'server',
    'me',
    'linking',
    'pools',
    'notices',
  ];
  return keys.every((key) => before[key] === view[key]) ? before : view;
}

function meView(core: Core): Me | undefined {
  const account = core.account();
  if (account === undefined) return undefined;
  const userId = toHex(account.user[1]);
  const { name, hue } = nameOfMe(core) ?? friendlyName(account.user[1]);
  const { hidesAddress, cannotConnect } = core.paths;
  return {
    userId,
    name,
    hue,
    deviceId: toHex(account.device),
    hidesAddress,
    ...(cannotConnect === undefined ? {} : { cannotConnect }),
    devices: accountDevices(core),
  };
}

/** What the person said last about themselves, here or on another device. */
export function nameOfMe(core: Core) {
  const account = core.account();
  if (account === undefined) return undefined;
  const userId = toHex(account.user[1]);
  for (const room of core.rooms.values()) {
    const tag = room.people.tag(userId);
    if (tag !== undefined) return tag;
  }
  return core.profile();
}
