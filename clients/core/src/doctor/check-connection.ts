// Measures the network and every connection, and concludes. Two looks at each connection, with the
// network's measurement between them, show what is on its way meanwhile. Loss is measured before, since its probes
// would count as that.

import type { Core } from '../engine/core.ts';
import type { Id } from '../view.ts';
import { type ConnectionReport, connectionReport } from './connection-report.ts';
import type { MeasuredPeer } from './peer-findings.ts';

export async function checkConnection(core: Core): Promise<ConnectionReport> {
  const { clock, network } = core.platform;
  const lost = await core.mesh.measureLosses();
  const startedMs = clock.nowMs();
  const before = await core.mesh.measurePaths();
  const measured = await network.measure(core.session.hello?.stun ?? []);
  const after = await core.mesh.measurePaths();
  const elapsedMs = clock.nowMs() - startedMs;
  const peers = onlinePeers(core).map((peer) => ({
    ...peer,
    ...found('before', before.get(peer.deviceId)),
    ...found('after', after.get(peer.deviceId)),
    ...found('lost', lost.get(peer.deviceId)),
    elapsedMs,
  }));
  return connectionReport({ network: measured, peers, serverOnline: core.session.online });
}

function found<Name extends string, Value>(name: Name, measured: Value | undefined) {
  return measured === undefined ? {} : ({ [name]: measured } as Record<Name, Value>);
}

type OnlinePeer = Omit<MeasuredPeer, 'elapsedMs' | 'before' | 'after' | 'lost'>;

/** Each device once, however many pools it shares with this one. */
function onlinePeers(core: Core): readonly OnlinePeer[] {
  const peers = new Map<Id, OnlinePeer>();
  for (const room of core.rooms.values()) {
    if (!room.isMine) continue;
    const pool = room.view();
    for (const { name, hue, devices } of pool.members) {
      for (const { deviceId, kind, isThis, path, trouble } of devices) {
        if (isThis || path === 'offline') continue;
        const held = peers.get(deviceId);
        const best =
          held?.path === 'direct' || held?.path === 'relayed'
            ? held
            : { path, ...(trouble && { trouble }) };
        const pools = [...(held?.pools ?? []), pool.name];
        peers.set(deviceId, { deviceId, kind, person: { name, hue }, pools, ...pathAlone(best) });
      }
    }
  }
  return [...peers.values()];
}

function pathAlone({ path, trouble }: Pick<OnlinePeer, 'path' | 'trouble'>) {
  return trouble === undefined ? { path } : { path, trouble };
}
