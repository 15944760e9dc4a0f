// What happens to a node, in words: for the history that breaks an invariant.

import { changeText } from './changes.ts';
import type { Input } from './member.ts';

const HOW = {
  deliver: '',
  deliverLate: ', long after a word from its leader',
  deliverTied: ', and has the lower name if it campaigns for that term',
};

export function inputText(input: Input): string {
  switch (input.kind) {
    case 'deliver':
    case 'deliverLate':
    case 'deliverTied': {
      const { kind, from, term } = input.message;
      return `<- ${from} ${kind} of term ${term}${HOW[input.kind]}`;
    }
    case 'crash':
      return `crashes, with ${input.kept} of its batches written`;
    case 'propose':
      return `takes proposal ${input.value}`;
    case 'transfer':
      return `hands over to ${input.to}`;
    case 'change':
      return changeText(input.change);
    case 'expire':
      return 'hears nobody for an election timeout';
    case 'heartbeat':
      return 'sends heartbeats';
    case 'checkQuorum':
      return 'checks that a quorum hears it';
    case 'persist':
      return 'has its oldest batch on disk';
  }
}
