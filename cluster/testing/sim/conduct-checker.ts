// How nodes conduct themselves in time, counted in their own ticks: who may lead goes on to lead only while it is
// heard and can write, silence ends in a campaign, and nothing waits for ever. Safe without it, a cluster would
// still stand where it should go on.

import { isVoter, votersOf } from '../../src/core/configuration.ts';
import type { Configuration, NodeId } from '../../src/core/entry.ts';
import type { Message } from '../../src/core/messages.ts';
import type { RaftStatus, Role } from '../../src/core/types.ts';
import { CampaignChecker } from './campaign-checker.ts';
import { CatchUpChecker } from './catch-up-checker.ts';
import { ChangeChecker } from './change-checker.ts';
import type { SimProcess } from './process.ts';
import { isQuorum } from './quorums.ts';
import type { Swarm } from './swarm.ts';
import { check } from './violation.ts';

/** What was last seen of a process in this life of it. */
interface Conduct {
  life: number;
  role: Role;
  term: number;
  ticks: number;
  /** When others were heard in this term. */
  readonly heardAt: Map<NodeId, number>;
  leaderHeardAt: number;
  /** A vote is being asked for that is not to be given, since the leader was heard just now. */
  isLoyal: boolean;
  /** When there was last a reason not to campaign. */
  quietSince: number;
  durableBatch: number;
  /** When the disk was last seen idle, or done with a batch. */
  writtenAt: number;
  /** When it was last seen handing over to nobody, or to another. */
  transferSince: number;
  transferTo: NodeId | undefined;
  matches: Map<NodeId, number>;
  /** The place of the configuration in which they were seen. */
  matchesOf: number;
  configurationIndex: number;
}

const FROM_LEADERS: ReadonlySet<Message['kind']> = new Set([
  'append',
  'heartbeat',
  'snapshot',
  'timeoutNow',
]);

export class ConductChecker {
  readonly #processes: readonly SimProcess[];
  readonly #electionTicks: number;
  readonly #conducts = new Map<NodeId, Conduct>();
  /** While a message of an earlier term is handled: what must stay as it is (thesis 3.3). */
  #beforeStale: string | undefined;
  readonly #campaigns: CampaignChecker;
  readonly #changes: ChangeChecker;
  readonly #catchUps: CatchUpChecker;

  constructor(processes: readonly SimProcess[], { electionTicks, limits }: Swarm) {
    this.#processes = processes;
    this.#electionTicks = electionTicks;
    this.#campaigns = new CampaignChecker(electionTicks);
    this.#changes = new ChangeChecker(processes, electionTicks, limits.inflightAppendsMax);
    this.#catchUps = new CatchUpChecker(processes);
  }

  /** Before the process has handled it. */
  received(process: SimProcess, message: Message): void {
    const status = process.status;
    if (status === undefined) return;
    this.#campaigns.received(process, status, message);
    this.#changes.received(process, status, message);
    this.#catchUps.received(process, status, message);
    const { from, kind, term } = message;
    this.#beforeStale = term < status.term ? JSON.stringify(status) : undefined;
    const conduct = this.#of(process, status);
    const isFresh = conduct.ticks - conduct.leaderHeardAt < this.#electionTicks;
    const isAsked = kind === 'voteRequest' && !message.isTransfer && term > status.term;
    conduct.isLoyal = isAsked && isFresh && status.leader !== undefined;
    if (FROM_LEADERS.has(kind) && term === status.term) conduct.leaderHeardAt = conduct.ticks;
    if (term === status.term) conduct.heardAt.set(from, conduct.ticks);
    const mayReset = term > status.term || kind === 'voteRequest' || FROM_LEADERS.has(kind);
    if (mayReset && term >= status.term) conduct.quietSince = conduct.ticks;
  }

  /** After each input. */
  afterStep(process: SimProcess): void {
    const status = process.status;
    if (status === undefined) return;
    const isStill = this.#beforeStale === undefined || this.#beforeStale === JSON.stringify(status);
    this.#beforeStale = undefined;
    check(isStill, 'conduct', () => `${process.id} heeds a message of an earlier term`);
    this.#campaigns.afterStep(process, status);
    this.#changes.afterStep(process, status);
    this.#catchUps.afterStep(process, status);
    const before = this.#conducts.get(process.id);
    const isDisturbed = before?.isLoyal === true && before.term !== status.term;
    check(!isDisturbed, 'conduct', () => `${process.id} leaves a leader that it has just heard`);
    const conduct = this.#of(process, status);
    conduct.isLoyal = false;
    const { role, leader } = status;
    const isCampaigning = role === 'preCandidate' || role === 'candidate';
    check(!isCampaigning || leader === undefined, 'conduct', () => {
      return `${process.id} campaigns against a leader that it still holds to`;
    });
    if (role === 'leader') this.#checkMatches(process.id, conduct, status);
  }

  #checkMatches(id: NodeId, conduct: Conduct, status: RaftStatus): void {
    const { configurationIndex, followers } = status;
    // Whoever left and came back meanwhile is a stranger again.
    if (conduct.matchesOf !== configurationIndex) conduct.matches.clear();
    conduct.matchesOf = configurationIndex;
    for (const { node, matchIndex } of followers) {
      const before = conduct.matches.get(node) ?? 0;
      if (before === matchIndex) continue;
      check(matchIndex > before, 'conduct', () => `${id} forgets what ${node} has acknowledged`);
      conduct.matches.set(node, matchIndex);
    }
  }

  lostConnection(process: SimProcess, node: NodeId): void {
    const { status } = process;
    if (status !== undefined) this.#catchUps.lostConnection(process, status, node);
  }

  elected({ id, status }: SimProcess): void {
    if (status?.role !== 'leader') return;
    const { term, configuration } = status;
    const votes = this.#processes.filter(({ disk: { hardState } }) => {
      if (hardState === undefined) return false;
      return hardState.term > term || (hardState.term === term && hardState.vote === id);
    });
    const voted = new Set(votes.map((process) => process.id));
    const isElected = isQuorum(configuration, (voter) => voted.has(voter));
    check(isElected, 'durabilityOrder', () => `${id} leads ${term} by votes on no disk`);
  }

  ticked(process: SimProcess): void {
    const status = process.status;
    if (status === undefined) return;
    this.#campaigns.ticked(process, status);
    this.#changes.ticked(process, status);
    const conduct = this.#of(process, status);
    conduct.ticks += 1;
    const { durableBatch, batchesInFlight } = process.disk;
    if (batchesInFlight === 0 || durableBatch !== conduct.durableBatch) {
      conduct.durableBatch = durableBatch;
      conduct.writtenAt = conduct.ticks;
    }
    if (batchesInFlight > 0) conduct.quietSince = conduct.ticks;
    if (status.transferTo === undefined || status.transferTo !== conduct.transferTo) {
      conduct.transferTo = status.transferTo;
      conduct.transferSince = conduct.ticks;
    }
    const { role, configuration, configurationIndex } = status;
    if (configurationIndex !== conduct.configurationIndex) {
      // Whoever is new has its time to be heard, and to be silent.
      conduct.configurationIndex = configurationIndex;
      conduct.quietSince = conduct.ticks;
      for (const voter of votersOf(configuration)) conduct.heardAt.set(voter, conduct.ticks);
    }
    if (role === 'leader') this.#checkLeader(process, conduct, configuration);
    if (role === 'follower' && isVoter(configuration, process.id)) {
      const isPatient = conduct.ticks - conduct.quietSince <= 2 * this.#electionTicks;
      check(isPatient, 'conduct', () => `${process.id} hears nobody and does not campaign`);
    }
  }

  #checkLeader({ id }: SimProcess, conduct: Conduct, configuration: Configuration): void {
    const { ticks, heardAt, writtenAt, transferSince } = conduct;
    // Whoever is alone asks nobody.
    if (votersOf(configuration).every((voter) => voter === id)) return;
    const patienceTicks = 2 * this.#electionTicks + 1;
    const isHeard = isQuorum(
      configuration,
      (voter) => voter === id || ticks - (heardAt.get(voter) ?? 0) <= patienceTicks,
    );
    check(isHeard, 'conduct', () => `${id} leads although no quorum answers it`);
    const canWrite = ticks - writtenAt <= this.#electionTicks + 1;
    check(canWrite, 'conduct', () => `${id} leads although its disk hangs`);
    const isEnding = ticks - transferSince <= 3 * this.#electionTicks;
    check(isEnding, 'conduct', () => `${id} hands over for ever`);
  }

  #of({ id, life, disk }: SimProcess, status: RaftStatus): Conduct {
    const { role, term, configuration, configurationIndex } = status;
    const known = this.#conducts.get(id);
    if (known?.life === life && known.term === term && known.role === role) return known;
    const ticks = known?.life === life ? known.ticks : 0;
    const conduct: Conduct = {
      life,
      role,
      term,
      ticks,
      heardAt: new Map(),
      leaderHeardAt: Number.NEGATIVE_INFINITY,
      isLoyal: false,
      quietSince: ticks,
      // What was written since the last tick is noticed at the next.
      durableBatch: known?.life === life ? known.durableBatch : disk.durableBatch,
      writtenAt: known?.life === life ? known.writtenAt : 0,
      transferSince: ticks,
      transferTo: undefined,
      matches: new Map(),
      matchesOf: configurationIndex,
      configurationIndex,
    };
    // They count as heard from the moment that it was elected.
    for (const voter of votersOf(configuration)) conduct.heardAt.set(voter, ticks);
    this.#conducts.set(id, conduct);
    return conduct;
  }
}
