// A snapshot on its way to a follower while its leader hears nobody for an election timeout, and then leads again, in a
// later term and with the same state: event by event, so that no other faults need to come together for it. It was first
// met by a seed of the simulation, which since then draws other faults.

import { FRAME_KIND } from '../src/format/peer-frame.ts';
import { decodeSnapshotChunk, type SnapshotChunk } from '../src/format/snapshot-payload.ts';
import { counterMachine } from './counter-machine.ts';
import { type DrivenNode, DrivenNodes, type SentFrame } from './driven-nodes.ts';

const GROUP = 1;
const SLOT = 3;
const COMMANDS = 40;
const TIMEOUT_MS = 20_000;
const OPTIONS = {
  machine: counterMachine,
  shardGroups: 1,
  limits: { logEntriesKept: 0 },
  snapshotChunkBytes: 200,
};
/** By then it goes round and round. */
const FIRST_CHUNKS_MAX = 8;

export interface BrokenTransfer {
  /** In the later term, in the order in which they left. */
  readonly chunks: readonly number[];
  /** How many the follower held from the term before. */
  readonly held: number;
  readonly isInstalled: boolean;
}

/** `midway`: the follower holds a few chunks. `received`: it holds all, and hears of the later term before the last is durable. */
export async function breakTransfer(kind: 'midway' | 'received'): Promise<BrokenTransfer> {
  const driven = await DrivenNodes.start(OPTIONS);
  try {
    const [sender] = await driven.leaders([GROUP]);
    const receiver = driven.nodes.find((node) => node !== sender);
    if (sender === undefined || receiver === undefined) throw new Error('there are three nodes');
    await leaveBehind(driven, sender, receiver);
    const held = await breakOff(driven, sender, receiver, kind);
    return { held, ...(await leadAgain(driven, sender, receiver)) };
  } finally {
    await driven.stop();
  }
}

/** What the receiver needs next is no longer in the sender's log. */
async function leaveBehind(
  driven: DrivenNodes,
  sender: DrivenNode,
  receiver: DrivenNode,
): Promise<void> {
  driven.passes = (from, { to }) => from !== receiver && to !== receiver.id;
  const submit = (text: string) =>
    sender.driver?.submissions.submit(GROUP, SLOT, new Uint8Array(Buffer.from(text)), TIMEOUT_MS);
  for (let at = 0; at < COMMANDS; at += 1) await submit(`key ${at}`);
  const isHeard = () =>
    raftOf(sender)
      .status()
      .followers.some(({ node, isLive }) => node === receiver.id && isLive);
  await driven.until(() => !isHeard());
  await submit('the last');
  await driven.until(
    () => raftOf(sender).status().firstIndex > raftOf(receiver).status().lastIndex + 1,
  );
}

/** Nobody hears anybody once the follower has so much of it. Resolves when the sender has given up. */
async function breakOff(
  driven: DrivenNodes,
  sender: DrivenNode,
  receiver: DrivenNode,
  kind: 'midway' | 'received',
): Promise<number> {
  let held: number | undefined;
  driven.passes = (from, frame) => {
    if (held !== undefined) return false;
    const chunk = chunkOf(from, sender, frame);
    if (kind === 'midway' && chunk?.number === 3) held = chunk.number;
    if (kind === 'received' && chunk?.isLast === true) {
      held = chunk.number + 1;
      receiver.hangDisk();
      return true;
    }
    return held === undefined;
  };
  await driven.until(() => held !== undefined && !sender.leads.has(GROUP));
  return held ?? 0;
}

/** The third node stays away: so nothing commits until the receiver has caught up, and the state is as it was. */
async function leadAgain(
  driven: DrivenNodes,
  sender: DrivenNode,
  receiver: DrivenNode,
): Promise<Omit<BrokenTransfer, 'held'>> {
  const chunks: number[] = [];
  const { term } = raftOf(receiver);
  const wanted = raftOf(sender).status().applied;
  const both = [sender.id, receiver.id];
  driven.passes = (from, frame) => {
    const chunk = chunkOf(from, sender, frame);
    if (chunk !== undefined) chunks.push(chunk.number);
    return both.includes(from.id) && both.includes(frame.to);
  };
  await driven.until(() => raftOf(receiver).term > term);
  receiver.freeDisk();
  const isInstalled = () => (receiver.driver?.member(GROUP)?.appliedIndex ?? 0) >= wanted;
  const isStuck = () => chunks.filter((number) => number === 0).length >= FIRST_CHUNKS_MAX;
  await driven.until(() => isInstalled() || isStuck());
  return { chunks, isInstalled: isInstalled() };
}

function chunkOf(
  from: DrivenNode,
  sender: DrivenNode,
  { kind, payload }: SentFrame,
): SnapshotChunk | undefined {
  if (from !== sender || kind !== FRAME_KIND.snapshotChunk) return undefined;
  const chunk = decodeSnapshotChunk(payload);
  return chunk?.group === GROUP ? chunk : undefined;
}

function raftOf({ driver }: DrivenNode) {
  const member = driver?.member(GROUP);
  if (member === undefined) throw new Error('every node is a member');
  return member.raft;
}
