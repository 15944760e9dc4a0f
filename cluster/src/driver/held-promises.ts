// Messages that promise something durable, until the batch that makes it so is on the disk. A disk that
// hangs may be asked for the same promise with every heartbeat: of one kind, to one peer, behind one batch
// only the widest is kept, so that what waits is bounded by what the disk has not written.

import type { PeerMessage } from '../core/messages.ts';
import type { SendAfter } from '../core/types.ts';

interface Held {
  readonly batch: number;
  readonly messages: PeerMessage[];
}

export class HeldPromises {
  #held: Held[] = [];
  #durableBatch = 0;

  get size(): number {
    return this.#held.reduce((sum, { messages }) => sum + messages.length, 0);
  }

  /** Those that need not wait come back. */
  hold({ batch, messages }: SendAfter): readonly PeerMessage[] {
    if (batch <= this.#durableBatch) return messages;
    let newest = this.#held.at(-1);
    if (newest?.batch !== batch) {
      newest = { batch, messages: [] };
      this.#held.push(newest);
    }
    for (const message of messages) add(newest.messages, message);
    return [];
  }

  /** The batch is durable, and every one before it: what waited for them. */
  release(batch: number): readonly PeerMessage[] {
    this.#durableBatch = batch;
    const due = this.#held.filter((held) => held.batch <= batch);
    this.#held = this.#held.filter((held) => held.batch > batch);
    return due.flatMap(({ messages }) => messages);
  }
}

function add(messages: PeerMessage[], message: PeerMessage): void {
  const at = messages.findIndex(
    ({ kind, to, term }) => kind === message.kind && to === message.to && term === message.term,
  );
  const former = messages[at];
  if (former === undefined) messages.push(message);
  else if (!isWider(former, message)) messages[at] = message;
}

/** Within a term the log of a follower only grows, so that the higher index covers the lower one. */
function isWider(former: PeerMessage, message: PeerMessage): boolean {
  return (
    former.kind === 'appendAccepted' &&
    message.kind === 'appendAccepted' &&
    former.matchIndex > message.matchIndex
  );
}
