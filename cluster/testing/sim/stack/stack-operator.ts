// The operator of the full world, who changes which nodes there are: brings in new machines, sends nodes away, and puts a
// new machine in the place of one, first of all of one whose disk was refused. A new machine is filled as `rockpool join`
// fills one, from the view of a member, once a member lists it.

import { NOBODY } from '../../../src/core/configuration.ts';
import { DATA_VERSION } from '../../../src/format/identity.ts';
import type { ClusterNode } from '../../../src/node/cluster-node.ts';
import { storeRows } from '../../../src/node/store-rows.ts';
import { NodeError } from '../../../src/node-error.ts';
import { ClusterError, type ClusterView } from '../../../src/ports.ts';
import { LogStore } from '../../../src/store/log-store.ts';
import type { Random } from '../random.ts';
import { openModel } from './level-model.ts';
import type { Membership, SimMachine } from './sim-machine.ts';
import { membersOf, type NemesisParts } from './stack-nemesis.ts';

const LOOK_MS = 500;
/** A node that has left hears of it from the others, or is switched off. */
const SWITCHED_OFF_MS = 4_000;
const DEAD_BEFORE = 0.3;
const DEAD_MS = 4_000;
const UNHEARD_BEFORE = 0.5;
const UNHEARD_MS = 8_000;
/** Who goes leads a group, more often than by chance. */
const LEADER_BIAS = 0.5;
/** With fewer nodes one votes alone, and its disk would be the only one. */
const NODES_MIN = 3;

export interface OperatorParts extends NemesisParts {
  readonly random: Random;
  readonly broken: (error: unknown) => void;
  /** What all nodes together have committed of a group. */
  readonly committedIndex: (group: number) => number;
}

export class StackOperator {
  readonly #parts: OperatorParts;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  start(): void {
    const { strikes, swarm } = this.#parts;
    if (swarm.spares === 0) return;
    strikes.every('membership', swarm.kinds.get('membership'), (_, random) => this.#change(random));
    this.#lookLater();
  }

  /** One more change, now. */
  strike(): void {
    this.#parts.strikes.once('membership', (random) => this.#change(random));
  }

  /** Whether somebody is on the way in, or out. */
  get isChanging(): boolean {
    const { machines } = this.#parts;
    return machines.some(({ membership }) => membership === 'invited' || membership === 'leaving');
  }

  /**
   * In a whole and calm cluster one more node goes, which nothing but that may hinder. Undefined if none can; else whether it is
   * over: it has left, or may stay.
   */
  lastChange(random: Random): (() => boolean) | undefined {
    const { machines, queue } = this.#parts;
    const members = membersOf(machines);
    const isWhole = members.every(
      ({ membership, cluster, damage }) =>
        membership === 'member' && cluster !== undefined && damage === undefined,
    );
    const fresh = machines.find(({ membership }) => membership === 'spare');
    if (!isWhole || members.length < NODES_MIN) return undefined;
    if (fresh === undefined && members.length === NODES_MIN) return undefined;
    const former = this.#whoGoes(members, random);
    const asked = random.pick(members.filter((machine) => machine !== former));
    this.#mayBeAway(former, random, (delayMs, run) => queue.after(delayMs, run));
    this.#sendAway(asked, former, fresh);
    return () => former.membership !== 'leaving';
  }

  #change(random: Random): void {
    const { machines, strikes } = this.#parts;
    const members = membersOf(machines);
    const asked = random.pick(members);
    const others = members.filter((machine) => machine !== asked);
    const fresh = machines.find(({ membership }) => isOutside(membership));
    const refused = others.find(({ isRetired }) => isRetired);
    const draw = random.unit();
    const isReplaced = fresh !== undefined && (refused !== undefined || draw < 0.3);
    if (fresh !== undefined && !isReplaced && draw < 0.8) {
      this.#ask(asked, 'operator.join', { fresh }, (cluster) => cluster.members.add(fresh.node));
      return;
    }
    const staying = members.filter(({ membership }) => membership === 'member');
    if (isReplaced ? others.length <= 1 : staying.length <= NODES_MIN) return;
    const former = (isReplaced && refused) || this.#whoGoes(others, random);
    this.#mayBeAway(former, random, (delayMs, run) => strikes.later(delayMs, run));
    this.#sendAway(asked, former, isReplaced ? fresh : undefined);
  }

  #whoGoes(among: readonly SimMachine[], random: Random): SimMachine {
    const leading = among.filter(({ cluster }) =>
      cluster?.groups.some((group) => group > 0 && cluster.isLeader(group)),
    );
    return random.pick(random.chance(LEADER_BIAS) && leading.length > 0 ? leading : among);
  }

  #sendAway(asked: SimMachine, former: SimMachine, fresh: SimMachine | undefined): void {
    if (fresh === undefined) {
      this.#ask(asked, 'operator.leave', { former }, (cluster) =>
        cluster.members.remove(former.id, { until: 'agreed' }),
      );
      return;
    }
    this.#ask(asked, 'operator.replace', { fresh, former }, (cluster) =>
      cluster.members.replace(former.id, fresh.node, { until: 'agreed' }),
    );
  }

  /**
   * Often a node is sent away because it is dead; and then it comes back. Or because it is not heard, by the one that leads the
   * meta group: what it leads itself it goes on to lead, with those that hear it.
   */
  #mayBeAway(
    former: SimMachine,
    random: Random,
    later: (delayMs: number, run: () => void) => void,
  ): void {
    const { coverage, network, machines } = this.#parts;
    const draw = random.unit();
    if (!former.isUp || draw > DEAD_BEFORE + UNHEARD_BEFORE) return;
    if (draw < DEAD_BEFORE) {
      coverage.count('operator.died');
      former.crash();
      later(random.exponential(DEAD_MS), () => former.start());
      return;
    }
    const leader = machines.find(({ cluster }) => cluster?.isLeader(0) === true);
    if (leader === undefined || leader === former) return;
    coverage.count('N8');
    network.cut(leader.id, former.id);
    network.cut(former.id, leader.id);
    later(random.rate(0.5, 2) * UNHEARD_MS, () => {
      network.healLink(leader.id, former.id);
      network.healLink(former.id, leader.id);
    });
  }

  /** What is refused has not happened; what has no answer may have. */
  #ask(
    { cluster, loop }: SimMachine,
    what: 'operator.join' | 'operator.leave' | 'operator.replace',
    { fresh, former }: { readonly fresh?: SimMachine; readonly former?: SimMachine },
    ask: (cluster: ClusterNode) => Promise<void>,
  ): void {
    const { coverage, broken } = this.#parts;
    if (cluster === undefined || loop === undefined || loop.isPaused) return;
    const before = [fresh?.membership, former?.membership] as const;
    coverage.count(what);
    if (fresh !== undefined) fresh.membership = 'invited';
    if (former !== undefined) former.membership = 'leaving';
    const failed = (error: unknown): void => {
      if (error instanceof ClusterError) return;
      if (!(error instanceof NodeError)) {
        broken(error);
        return;
      }
      coverage.count('operator.refused');
      // Unless another one, asked meanwhile or before, has let it in, or sent it away.
      if (fresh?.membership === 'invited' && before[0] !== undefined) fresh.membership = before[0];
      if (former?.membership === 'leaving' && before[1] !== undefined) {
        former.membership = before[1];
      }
    };
    loop.enter(() => void ask(cluster).catch(failed));
  }

  #lookLater(): void {
    this.#parts.queue.after(LOOK_MS, () => {
      for (const { cluster, loop } of this.#parts.machines) {
        if (cluster !== undefined && loop?.isPaused !== true) this.#look(cluster);
      }
      this.#lookLater();
    });
  }

  /** What a member lists is agreed upon. */
  #look(cluster: ClusterNode): void {
    const { machines, coverage, queue, random, committedIndex, broken } = this.#parts;
    const view = cluster.members.view();
    const applied = cluster.status().groups[0]?.appliedIndex ?? 0;
    const listed = new Set(view.nodes.map(({ id }) => id));
    for (const machine of machines) {
      const { membership } = machine;
      if (membership === 'invited' && listed.has(machine.id)) {
        machine.membership = 'member';
        coverage.count('operator.joined');
        machine.joinedIndex = committedIndex(0);
        this.#fill(machine, view).then(() => machine.start(), broken);
      } else if (
        membership === 'leaving' &&
        !listed.has(machine.id) &&
        applied >= machine.joinedIndex
      ) {
        machine.membership = 'left';
        coverage.count('operator.left');
        queue.after(random.rate(0, SWITCHED_OFF_MS), () => machine.leaveDown());
      }
    }
  }

  async #fill({ model, node }: SimMachine, view: ClusterView): Promise<void> {
    const { clusterId, realm, nodes, slotTable } = view;
    const { id: nodeId, incarnation } = node;
    const identity = { dataVersion: DATA_VERSION, clusterId, realm, nodeId, incarnation };
    const store = openModel(model, this.#parts.swarm.disk.pageRows);
    const rows = storeRows(nodes, slotTable, NOBODY);
    await LogStore.create(store, { ...identity, bootNumber: 0 }, rows);
  }
}

function isOutside(membership: Membership): boolean {
  return membership === 'spare' || membership === 'invited';
}
