// Snapshots get on: a chunk whose answer its sender has heard is not what it sends next, again and again. A transfer may
// break off between any two chunks, and begin anew, but not for ever with an answer to each chunk.

import { decodeSnapshotAnswer, type SnapshotChunk } from '../../../src/format/snapshot-payload.ts';
import { check } from '../violation.ts';

/** Leaders that change may break off a few transfers one after the other. */
const ANSWERED_MAX = 10;

/** The chunk that was sent last of a group's state as of one index, and how often it was answered and sent again. */
interface Sent {
  readonly number: number;
  times: number;
  isAnswered: boolean;
}

export class SnapshotChecker {
  readonly #sent = new Map<string, Sent>();

  chunkSent(from: string, to: string, { group, base, number }: SnapshotChunk): void {
    const transfer = keyOf(from, to, group, base.index);
    const before = this.#sent.get(transfer);
    if (before?.number !== number) {
      this.#sent.set(transfer, { number, times: 0, isAnswered: false });
      return;
    }
    if (before.isAnswered) before.times += 1;
    before.isAnswered = false;
    const getsOn = before.times < ANSWERED_MAX;
    check(getsOn, 'conduct', () => `${from} sends chunk ${number} of ${group} over and over`);
  }

  /** Heard by who sent the chunk. */
  answerHeard(from: string, to: string, payload: Uint8Array): void {
    const answer = decodeSnapshotAnswer(payload);
    if (answer === undefined) return;
    const sent = this.#sent.get(keyOf(to, from, answer.group, answer.index));
    if (sent === undefined) return;
    if (answer.status === 'refused') sent.times = 0;
    else sent.isAnswered ||= answer.status === 'done' || answer.next > sent.number;
  }
}

function keyOf(sender: string, receiver: string, group: number, index: number): string {
  return `${sender} ${receiver} ${group} ${index}`;
}
