// Whether a frame of a member is to be heard: it must name this cluster, that member and its known
// incarnation, be meant for this node, and come from a store that is not of the past.

import { FRAME_KIND, type PeerFrame } from '../format/peer-frame.ts';
import { APPLICATION_BYTES_MAX, decodeHello, type PeerRefusal } from '../format/peer-payload.ts';
import type { MemberNode } from '../meta/meta-records.ts';
import type { PeerPorts } from './peer-ports.ts';

export interface FrameRefused {
  readonly code: PeerRefusal;
  readonly reason: string;
}

/** `member` holds the key of the connection on which the frame came. */
export function judgeFrame(
  frame: PeerFrame,
  member: MemberNode,
  ports: Pick<PeerPorts, 'clusterId' | 'self' | 'admit'>,
): FrameRefused | undefined {
  const { clusterId, self } = ports;
  if (frame.clusterId !== clusterId) return { code: 'PEER_WRONG_CLUSTER', reason: 'cluster id' };
  if (frame.sender !== member.id) return { code: 'PEER_UNKNOWN_KEY', reason: 'sender' };
  if (frame.receiver !== self.id) return { code: 'PEER_FRAME_REFUSED', reason: 'receiver' };
  if (frame.kind === FRAME_KIND.refusal) return { code: 'PEER_FRAME_REFUSED', reason: 'kind' };
  if (frame.kind === FRAME_KIND.hello && decodeHello(frame.payload) === undefined) {
    return { code: 'PEER_FRAME_REFUSED', reason: 'hello' };
  }
  if (frame.kind === FRAME_KIND.application && frame.payload.length > APPLICATION_BYTES_MAX) {
    return { code: 'PEER_FRAME_REFUSED', reason: 'size' };
  }
  if (frame.incarnation !== member.incarnation) {
    return { code: 'PEER_INCARNATION', reason: 'another incarnation' };
  }
  if (!ports.admit(member.id, frame)) {
    return { code: 'PEER_INCARNATION', reason: 'a store of the past' };
  }
  return undefined;
}
