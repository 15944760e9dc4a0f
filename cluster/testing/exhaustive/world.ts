// What the checked histories begin with.

import type { Configuration, NodeId } from '../../src/core/entry.ts';
import type { createRaft } from '../../src/core/raft.ts';
import { factsOf, type History, judge, NO_HISTORY } from './invariants.ts';
import { type Input, type Member, Members } from './member.ts';

export interface World {
  readonly nodes: readonly NodeId[];
  /** What all logs go on from: who takes part is known to everyone. */
  readonly configuration: Configuration;
  /** By the first of its nodes, which everyone has heard; else all disks are empty. */
  readonly isLed: boolean;
}

/** Three voters that have done nothing yet. */
export const UNTOUCHED: World = {
  nodes: ['A', 'B', 'C'],
  configuration: { voters: ['A', 'B', 'C'], outgoing: [], learners: [] },
  isLed: false,
};

/** Three voters, one of which leads, and a learner that has all of the log: it may become a voter. */
export const LED: World = {
  nodes: ['A', 'B', 'C', 'D'],
  configuration: { voters: ['A', 'B', 'C'], outgoing: [], learners: ['D'] },
  isLed: true,
};

export interface Start {
  readonly members: readonly Member[];
  readonly history: History;
}

export function startOf(world: World, create: typeof createRaft): Start {
  const driver = new Members(create, world.configuration, 0);
  const start = { members: world.nodes.map((node) => driver.first(node)), history: NO_HISTORY };
  return world.isLed ? led(world, driver, start) : start;
}

/** Without delay or loss; and nothing of what was sent comes again later. */
function led({ nodes, configuration }: World, driver: Members, start: Start): Start {
  let { members, history } = start;
  const orders: Input[] = [{ kind: 'expire' }, { kind: 'heartbeat' }];
  for (const order of orders) {
    const inputs: (readonly [node: number, input: Input])[] = [[0, order]];
    for (const [node, input] of inputs) {
      const { member, sent } = driver.step(members[node] ?? driver.first('A'), input);
      members = members.with(node, member);
      history = judge(history, factsOf(member), members.map(factsOf), configuration);
      for (const message of sent) {
        inputs.push([nodes.indexOf(message.to), { kind: 'deliver', message }]);
      }
    }
  }
  return { members, history };
}
