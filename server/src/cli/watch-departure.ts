// Looks on while a node leaves the groups of its cluster. The cluster does it by itself: whoever stops looking stops nothing.

import { setTimeout } from 'node:timers/promises';
import type { Terminal } from '@rockpool/cli';
import { askStatus, ControlError } from '../control/control-client.ts';
import type { DepartureAnswer, NodeStatus } from '../control/control-messages.ts';
import { operatorWords } from '../operator-errors.ts';

const EVERY_MS = 500;
const PATIENCE_MS = 600_000;
const CLEAR = '\r\x1b[K';

export interface Departure {
  readonly data: string;
  readonly terminal: Terminal;
  readonly stopped: Promise<void>;
  /** Asks for it. Rejects with ControlError. */
  ask(): Promise<DepartureAnswer>;
  /** What is said at the end. */
  done(node: DepartureAnswer): string;
}

/** Resolves to the exit code. */
export async function watchDeparture(departure: Departure): Promise<number> {
  const { data, terminal, ask, done } = departure;
  try {
    const node = await ask();
    let isStopped = false;
    void departure.stopped.then(() => {
      isStopped = true;
    });
    let said = '';
    const untilMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const words = wordsOf(await askStatus(data), node);
      if (words === undefined) break;
      if (words !== said) say(terminal, words);
      said = words;
      if (isStopped || performance.now() > untilMs) {
        terminal.draw?.(CLEAR);
        terminal.error(operatorWords('CLI_DEPARTURE_SLOW', `${words}. It goes on by itself.`));
        return 1;
      }
      await setTimeout(EVERY_MS);
    }
    terminal.draw?.(CLEAR);
    terminal.out(done(node));
    return 0;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    terminal.draw?.(CLEAR);
    terminal.error(error.message);
    return 1;
  }
}

/** Undefined when the node is no member any more. */
function wordsOf({ cluster }: NodeStatus, { id, name }: DepartureAnswer): string | undefined {
  if (!cluster.peers.some(({ node }) => node.id === id)) return undefined;
  const inside = cluster.groups.filter(({ members: { voters, outgoing, learners } }) => {
    return [...voters, ...outgoing, ...learners].includes(id);
  });
  return `node ${name} leaves: it is still in ${inside.length} of ${cluster.groups.length} groups`;
}

function say(terminal: Terminal, words: string): void {
  if (terminal.draw === undefined) terminal.error(words);
  else terminal.draw(`${CLEAR}${words}`);
}
