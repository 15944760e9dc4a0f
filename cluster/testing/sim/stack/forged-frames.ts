// Frames of a sender that is not the member it claims to be: of another cluster, of another store, meant for
// somebody else, or of a time before the member's present start.

import { FRAME_KIND, type PeerFrame } from '../../../src/format/peer-frame.ts';
import { encodeRaftBundles } from '../../../src/format/peer-payload.ts';
import type { Random } from '../random.ts';
import type { SimMachine } from './sim-machine.ts';

const HEX_16 = 32;
/** A term that would depose every leader, if it were heard. */
const TERM = 1_000_000;

export function forgeFrame(from: SimMachine, to: SimMachine, random: Random): PeerFrame {
  const { clusterId } = from;
  const { incarnation } = from.node;
  const [payload = new Uint8Array(0)] = encodeRaftBundles([
    { kind: 'heartbeat', group: 1, from: from.id, to: to.id, term: TERM, commit: 0, round: 1 },
  ]);
  const frame: PeerFrame = {
    clusterId,
    sender: from.id,
    incarnation,
    receiver: to.id,
    bootNumber: 1_000_000,
    bootId: 'ab'.repeat(8),
    bootBatch: 1_000_000_000,
    batch: 1_000_000_000,
    clockMs: 0,
    kind: FRAME_KIND.raft,
    payload,
  };
  const wrong = { other: 'ee'.repeat(HEX_16 / 2) };
  const known = to.cluster?.status().peers.find(({ node }) => node.id === from.id)?.bootNumber;
  switch (random.between(0, known === undefined ? 3 : 4)) {
    case 0:
      return { ...frame, clusterId: wrong.other };
    case 1:
      return { ...frame, sender: wrong.other };
    case 2:
      return { ...frame, receiver: wrong.other };
    case 3:
      return { ...frame, incarnation: wrong.other };
    default:
      // Of a start before: the known one is never older than the first.
      return { ...frame, bootNumber: 0, batch: 0 };
  }
}
