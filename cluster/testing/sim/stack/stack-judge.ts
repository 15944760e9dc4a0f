// Everything that must hold of the full world: the checkers of each group, the promises on the wire, what
// clients were told, and what the replicas' disks hold.

import type { Operation } from '@rockpool/storage';
import type { Entry } from '../../../src/core/entry.ts';
import { decodeCommand as decodeEntryCommand } from '../../../src/format/command.ts';
import { chainChecksum } from '../../../src/format/log-entry.ts';
import { FRAME_KIND, type FrameKind } from '../../../src/format/peer-frame.ts';
import { decodeRaftBundle } from '../../../src/format/peer-payload.ts';
import type { NodeErrorCode } from '../../../src/node-error.ts';
import { type ApplyContext, META } from '../../../src/ports.ts';
import { decodeCommand } from '../../key-value/kv-command.ts';
import { Checker } from '../checker.ts';
import type { CoverageCounter } from '../coverage.ts';
import { firstState } from '../disk.ts';
import { MembershipChecker } from '../membership-checker.ts';
import { PromiseChecker } from '../promise-checker.ts';
import { check } from '../violation.ts';
import { durableState, replay } from './replica-state.ts';
import type { SimMachine } from './sim-machine.ts';
import type { StackClients } from './stack-clients.ts';
import { stackMachine } from './stack-machine.ts';
import { membersOf } from './stack-nemesis.ts';
import type { StackSwarm } from './stack-swarm.ts';
import { WatchedMember } from './watched-member.ts';

/** Failures of a machine that is started again; its data is whole. */
const PASSING: ReadonlySet<NodeErrorCode> = new Set(['STORE_WRITE_FAILED', 'STORE_OPEN_FAILED']);
const DAMAGED: readonly NodeErrorCode[] = ['STORE_DAMAGED', 'STORE_HOLE', 'STORE_EMPTY'];
const UNFIT: ReadonlySet<NodeErrorCode> = new Set([...DAMAGED, 'STORE_BEHIND', 'PEER_INCARNATION']);

export class StackJudge {
  readonly groups: readonly number[];
  readonly #checkers: readonly Checker[];
  readonly #members = new Map<SimMachine, readonly WatchedMember[]>();
  readonly #promises: readonly PromiseChecker[];
  readonly #machines: readonly SimMachine[];
  readonly #coverage: CoverageCounter;
  /** Of each machine: the life and index of what it applied last, by group. */
  readonly #applied = new Map<string, { readonly life: number; readonly index: number }>();

  constructor(swarm: StackSwarm, machines: readonly SimMachine[], coverage: CoverageCounter) {
    this.#machines = machines;
    this.#coverage = coverage;
    this.groups = Array.from({ length: swarm.shardGroups + 1 }, (_, group) => group);
    const first = firstState(membersOf(machines).map(({ id }) => id));
    for (const machine of machines) {
      const own = machine.isMember ? first : firstState([]);
      this.#members.set(
        machine,
        this.groups.map((group) => new WatchedMember(machine, group, own)),
      );
    }
    this.#promises = this.groups.map(() => new PromiseChecker(true));
    this.#checkers = this.#promises.map((promises, group) => {
      const processes = [...this.#members.values()].flatMap((members) => members[group] ?? []);
      const membership = new MembershipChecker(promises, coverage);
      return new Checker({
        processes,
        limits: swarm.limits,
        first,
        membership,
        chain: chainChecksum,
        isBundled: true,
      });
    });
  }

  committedIndex(group: number): number {
    return this.#checkers[group]?.committedIndex ?? 0;
  }

  afterEvent(machine: SimMachine): void {
    if (!machine.isUp) return;
    for (const [group, member] of (this.#members.get(machine) ?? []).entries()) {
      this.#checkers[group]?.afterStep(member);
    }
  }

  sent(from: SimMachine, to: string, kind: FrameKind, payload: Uint8Array): void {
    if (kind !== FRAME_KIND.raft || from.damage === 'restored') return;
    for (const message of decodeRaftBundle(payload, from.id, to) ?? []) {
      const member = this.#members.get(from)?.[message.group];
      if (member !== undefined) this.#promises[message.group]?.sent(from.id, member, message);
      if (message.kind === 'appendRejected') this.#coverage.count('raft.appendRejected');
    }
  }

  /** In order, and nothing but what was committed there. */
  applying(machine: SimMachine, body: Uint8Array, context: ApplyContext): void {
    const { group, index, term } = context;
    if (machine.damage === 'restored') return;
    const place = `${machine.id} ${group}`;
    const before = this.#applied.get(place);
    const isOnward = before?.life !== machine.life || index > before.index;
    check(isOnward, 'exactlyOnce', () => `${machine.id} applies ${index} of ${group} again`);
    this.#applied.set(place, { life: machine.life, index });
    const canonical = this.#checkers[group]?.committedAt(index);
    const command = canonical && decodeEntryCommand(canonical.command);
    const isCanonical =
      canonical?.term === term && command !== undefined && Buffer.compare(command.body, body) === 0;
    check(isCanonical, 'stateMachineSafety', () => `${machine.id} applies another ${index}`);
  }

  /** True if the machine is to stay down. */
  refused(machine: SimMachine, code: NodeErrorCode): boolean {
    if (PASSING.has(code)) return false;
    if (code === 'STORE_DAMAGED' && machine.faults.flippedReads > 0) return false;
    if (code === 'MEMBER_HAS_LEFT' && isOnItsWayOut(machine)) return true;
    check(UNFIT.has(code), 'falseAlarm', () => `${machine.id} stops: ${code}`);
    const isDamaged = machine.damage !== undefined;
    check(isDamaged, 'falseAlarm', () => `${machine.id} refuses a sound disk: ${code}`);
    // Each of these says more than that something is wrong.
    const isRight = expectedOf(machine).includes(code);
    check(isRight, 'falseAlarm', () => `${machine.id}, ${machine.damage}, says ${code}`);
    this.#coverage.count('refused.damage');
    return true;
  }

  /** What a start must find at once. */
  started(machine: SimMachine): void {
    const { damage } = machine;
    const isFound = damage === undefined || damage === 'restored';
    check(isFound, 'damageRefused', () => `${machine.id} starts on a disk that is ${damage}`);
  }

  /** Replicas that have applied the same entries hold the same bytes. */
  checkReplicas(): void {
    for (const group of this.groups) {
      const states = new Map<number, number>();
      for (const machine of this.#machines) {
        const member = this.#members.get(machine)?.[group];
        if (member === undefined || !isComparable(member)) continue;
        const state = durableState(machine.model, group);
        const other = states.get(member.appliedIndex) ?? state;
        const isSame = other === state;
        check(isSame, 'replicaState', () => `group ${group} differs at ${member.appliedIndex}`);
        states.set(member.appliedIndex, state);
      }
    }
  }

  /**
   * All that was committed, applied to an empty store, gives what the replicas hold. What a client sent may stand
   * in the log twice, or though it was refused: what counts is what takes effect. Gives where each value did.
   */
  async checkReplay(first: readonly Operation[]): Promise<ReadonlyMap<string, string>> {
    const places = new Map<string, string>();
    for (const group of this.groups) {
      const sound = this.#machines.flatMap((machine) => {
        const member = this.#members.get(machine)?.[group];
        return member !== undefined && isComparable(member) ? [member] : [];
      });
      const at = new Set(sound.map(({ appliedIndex }) => appliedIndex));
      const parts = { machine: stackMachine, at };
      const { applied, states } = await replay(first, group, this.#committed(group), parts);
      for (const { machine, appliedIndex } of sound) {
        const isSame = durableState(machine.model, group) === states.get(appliedIndex);
        check(isSame, 'replayedState', () => `${machine.id} holds another state of ${group}`);
      }
      for (const { entry, command, outcome } of applied) {
        if (command === undefined || command.slot < META || outcome.kind !== 'applied') continue;
        const value = decodeCommand(command.body)?.value.toString();
        if (value === undefined) continue;
        check(!places.has(value), 'exactlyOnce', () => `${value} takes effect twice`);
        places.set(value, `${group} ${entry.index}`);
      }
    }
    return places;
  }

  /** What clients were told against what took effect. */
  checkClients({ acknowledged, refused }: StackClients, places: ReadonlyMap<string, string>): void {
    for (const value of refused) {
      check(!places.has(value), 'acknowledgedWrite', () => `${value} was refused and is there`);
    }
    for (const { value, group, index } of acknowledged) {
      const isThere = places.get(value) === `${group} ${index}`;
      check(isThere, 'acknowledgedWrite', () => `acknowledged ${value} is lost`);
    }
  }

  /** All that are up have applied the same, and follow one leader. */
  hasConverged(machines: readonly SimMachine[]): boolean {
    return this.groups.every((group) => {
      const committed = this.committedIndex(group);
      const leaders = new Set<string | undefined>();
      for (const machine of machines) {
        const member = this.#members.get(machine)?.[group];
        const status = member?.raft?.status();
        if (member === undefined || status === undefined) return false;
        leaders.add(status.leader);
        if (status.lastIndex !== committed || member.appliedIndex !== committed) return false;
      }
      return leaders.size === 1 && !leaders.has(undefined);
    });
  }

  terms(machines: readonly SimMachine[]): string {
    const ofAll = machines.map((machine) =>
      (this.#members.get(machine) ?? []).map(({ raft }) => raft?.status().term ?? 0),
    );
    return JSON.stringify(ofAll);
  }

  trace(machine: SimMachine, note: (...numbers: number[]) => void): void {
    const status = this.#members.get(machine)?.[1]?.raft?.status();
    if (status !== undefined) note(status.term, status.commit, status.lastIndex, status.applied);
  }

  #committed(group: number): readonly Entry[] {
    return Array.from({ length: this.committedIndex(group) }, (_, at) => {
      const entry = this.#checkers[group]?.committedAt(at + 1);
      if (entry === undefined) throw new Error(`${at + 1} is committed and not known`);
      return entry;
    });
  }
}

/** What a machine may say of its disk; one that others told so says STORE_BEHIND when it is started again. */
function expectedOf({ damage, note }: SimMachine): readonly NodeErrorCode[] {
  if (damage === 'cut') return ['STORE_BEHIND'];
  if (damage !== 'restored') return DAMAGED;
  return note.isCondemned ? ['PEER_INCARNATION', 'STORE_BEHIND'] : ['PEER_INCARNATION'];
}

function isOnItsWayOut({ membership }: SimMachine): boolean {
  return membership === 'leaving' || membership === 'left';
}

/** Whoever joins holds what it was told of the cluster, until it is sent the state of the group. */
function isComparable({ machine, appliedIndex }: WatchedMember): boolean {
  return machine.damage === undefined && (machine.isFounder || appliedIndex > 0);
}
