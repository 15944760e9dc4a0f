import type { TransferFacts } from '../files/shelved.ts';
import type { FileEntry } from '../view.ts';

/** A file that has only been heard of. */
const NOTHING_YET: TransferFacts = {
  state: 'waiting',
  bytesHeld: 0,
  bytesPerSecond: 0,
  secondsLeft: undefined,
  users: [],
  bytesThroughServer: 0,
  completeOn: 0,
  bytesSent: 0,
  failure: undefined,
};

export function transferView(
  facts: TransferFacts | undefined,
  nameOf: (userId: string) => string,
): FileEntry['transfer'] {
  const { users, secondsLeft, failure, ...plain } = facts ?? NOTHING_YET;
  return {
    ...plain,
    sources: users.map(nameOf),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
    ...(failure === undefined ? {} : { failure }),
  };
}
