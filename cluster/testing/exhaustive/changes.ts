// The changes of who takes part that a leader may be asked for: a learner becomes a voter, beside the others or in
// the place of one of them.

import type { ConfigurationChange } from '../../src/core/configuration.ts';
import type { Configuration } from '../../src/core/entry.ts';
import type { Input } from './member.ts';

export function changesOf({ voters, learners }: Configuration): readonly Input[] {
  const changes: readonly ConfigurationChange[] = learners.flatMap((learner) => [
    { promote: [learner] },
    ...voters.map((voter) => ({ promote: [learner], remove: [voter] })),
  ]);
  return changes.map((change) => ({ kind: 'change', change }));
}

export function changeText({ promote = [], remove = [] }: ConfigurationChange): string {
  const place = remove.length > 0 ? ` in the place of ${remove.join(', ')}` : '';
  return `makes ${promote.join(', ')} a voter${place}`;
}
