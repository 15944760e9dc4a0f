// How the bad times end: at a moment from which a cluster may find it hard to go on. A leader is cut off with what
// it still takes, so that its log becomes the longest; and as the links heal, whoever took its place, or those who
// were about to vote for that one, stay down.

import type { Clients } from './clients.ts';
import type { NemesisParts } from './nemesis.ts';
import type { SimProcess } from './process.ts';

const PROPOSALS = 12;
const PROPOSE_EVERY_MS = 30;
const HAND_OVER_TIMES = 8;

export class LastBlow {
  readonly #former: SimProcess;
  readonly #parts: NemesisParts;
  readonly #spares: 'successor' | 'voters';
  /** Who was cut off may be one term behind, or more: then it is not even refused in the term that it asks about. */
  readonly #termMin: number;
  #isOver = false;

  /** Cuts the leader off. */
  constructor(former: SimProcess, parts: NemesisParts, clients: Clients) {
    this.#former = former;
    this.#parts = parts;
    this.#spares = parts.random.chance(0.4) ? 'successor' : 'voters';
    const { network, processes, queue, swarm } = parts;
    this.#termMin = (former.status?.term ?? 0) + parts.random.between(1, 2);
    const handOverEveryMs = (swarm.tickMs * swarm.electionTicks) / 2;
    for (let at = 1; at <= HAND_OVER_TIMES; at += 1) {
      queue.after(at * handOverEveryMs, () => this.#handOver());
    }
    for (const { id } of processes) {
      if (id === former.id) continue;
      network.cut(former.id, id);
      network.cut(id, former.id);
    }
    for (let at = 1; at <= PROPOSALS; at += 1) {
      queue.after(at * PROPOSE_EVERY_MS, () => clients.propose(former));
    }
  }

  /** The moment has come. */
  get isDue(): boolean {
    return this.#rising !== undefined;
  }

  /** Those who had better be there. */
  get victims(): readonly SimProcess[] {
    this.#isOver = true;
    const rising = this.#rising;
    if (rising === undefined) return [];
    if (this.#spares === 'successor') return [rising];
    return this.#parts.processes.filter((other) => other !== rising && other !== this.#former);
  }

  /** Who leads in the place of the former leader; or who campaigns for that, before the votes are there. */
  get #rising(): SimProcess | undefined {
    return this.#parts.processes.find((process) => {
      const { status } = process;
      if (process === this.#former || status === undefined) return false;
      if (status.term < this.#termMin) return false;
      if (this.#spares === 'voters') return status.role === 'candidate';
      // Another one has what it began with.
      return status.role === 'leader' && status.commit === status.lastIndex;
    });
  }

  /** Whoever leads in its place hands over, until the term is high enough. */
  #handOver(): void {
    const { processes, random } = this.#parts;
    const leader = processes.find((process) => {
      return process !== this.#former && process.status?.role === 'leader';
    });
    if (this.#isOver || leader === undefined || (leader.raft?.term ?? 0) >= this.#termMin) return;
    const others = processes.filter((other) => other !== leader && other !== this.#former);
    if (others.length > 0) leader.transfer(random.pick(others).id);
  }
}
