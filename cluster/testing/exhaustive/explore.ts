// Every history within the bounds, breadth first, on the real core: an input to one node is one step. What a
// node does depends on itself alone, so each pair of a node's state and an input is run once and remembered.

import { assert } from '../../src/core/assert.ts';
import type { PeerMessage } from '../../src/core/messages.ts';
import type { createRaft } from '../../src/core/raft.ts';
import { type Bounds, Spending, spentBy } from './bounds.ts';
import { changesOf } from './changes.ts';
import { inputText } from './input-text.ts';
import { Interned } from './interned.ts';
import { BrokenInvariant, type Facts, factsOf, type History, judge } from './invariants.ts';
import { type Input, type Member, Members } from './member.ts';
import { Names, StateHash } from './names.ts';
import {
  isDead,
  NOTHING_SENT,
  notYetIn,
  type Receiver,
  type Sent,
  sentWhere,
  withSent,
} from './sent.ts';
import { Visited } from './visited.ts';
import { type Start, startOf, type World } from './world.ts';

export interface Exploration {
  readonly states: number;
  /** Counted with those that differ in who is who only. */
  readonly statesUnnamed: number;
  readonly transitions: number;
  /** Inputs of the longest of the shortest histories. */
  readonly depth: number;
  readonly isComplete: boolean;
  readonly violation:
    | { readonly invariant: string; readonly history: readonly string[] }
    | undefined;
}

export interface ExploreOptions {
  readonly world: World;
  readonly bounds: Bounds;
  readonly statesMax: number;
  /** States that differ in who is who only are looked at once. */
  readonly isSymmetric?: boolean;
  readonly onDepth?: (depth: number, states: number) => void;
}

/** What an input does to a node. */
interface Effect {
  readonly member: number;
  readonly sent: readonly number[];
  readonly hasWritten: boolean;
  /** The facts of each look at it, by number; the last one is after the input. */
  readonly looks: readonly number[];
}

interface Delivery {
  readonly node: number;
  readonly inputs: readonly number[];
}

interface Action {
  readonly node: number;
  readonly input: number;
  /** By a crash, before anything it wrote was durable. */
  readonly isInterrupted: boolean;
}

interface State {
  readonly members: readonly number[];
  readonly history: number;
  readonly spent: number;
  readonly sent: Sent;
  readonly before: { readonly state: State; readonly action: Action } | undefined;
}

export function explore(create: typeof createRaft, options: ExploreOptions): Exploration {
  return new Explorer(create, options).run();
}

/** Room for the inputs of one member in the key of an effect. */
const INPUTS_MAX = 2 ** 22;
const SPENT_MAX = 2 ** 24;
const LATE: ReadonlySet<PeerMessage['kind']> = new Set(['preVoteRequest', 'voteRequest']);

class Explorer {
  readonly #options: ExploreOptions;
  readonly #start: Start;
  readonly #driver: Members;
  readonly #spending: Spending;
  readonly #members: Interned<Member>;
  readonly #facts: Interned<Facts>;
  readonly #factsOf: number[] = [];
  readonly #receivers: Receiver[] = [];
  readonly #inputs: Interned<Input>;
  readonly #messages: Interned<PeerMessage>;
  /** By message. */
  readonly #deliveries: Delivery[] = [];
  /** By member and by what is spent. */
  readonly #own = new Map<number, readonly number[]>();
  readonly #histories: Interned<History>;
  readonly #judged = new Map<string, number>();
  readonly #effects = new Map<number, Effect>();
  readonly #visited = new Visited();
  readonly #hash: StateHash;
  #frontier: State[] = [];
  #trying: State['before'];
  #statesUnnamed = 0;
  #transitions = 0;
  #depth = 0;

  constructor(create: typeof createRaft, options: ExploreOptions) {
    const { world, bounds, isSymmetric = true } = options;
    this.#options = options;
    this.#start = startOf(world, create);
    this.#driver = new Members(create, world.configuration, bounds.writing);
    const names = Names.whichKeep([...this.#start.members, this.#start.history], world.nodes);
    this.#spending = new Spending(bounds, names);
    this.#members = new Interned(names);
    this.#facts = new Interned(names);
    this.#inputs = new Interned(names);
    this.#messages = new Interned(names);
    this.#histories = new Interned(names);
    this.#hash = new StateHash(isSymmetric ? names.count : 1);
  }

  run(): Exploration {
    const members = this.#start.members.map((member) => this.#numberOf(member));
    const history = this.#histories.number(this.#start.history);
    this.#reach({ members, history, spent: 0, sent: NOTHING_SENT, before: undefined }, []);
    try {
      this.#search();
    } catch (error) {
      if (!(error instanceof BrokenInvariant || isCoreAssertion(error))) throw error;
      return this.#result({ invariant: error.message, history: this.#textOf(this.#trying) });
    }
    return this.#result(undefined);
  }

  #search(): void {
    while (this.#frontier.length > 0) {
      const states = this.#frontier;
      this.#frontier = [];
      for (const state of states) {
        if (this.#visited.size >= this.#options.statesMax) {
          this.#frontier.push(state);
          return;
        }
        this.#expand(state);
      }
      if (this.#frontier.length > 0) this.#depth += 1;
      this.#options.onDepth?.(this.#depth, this.#visited.size);
    }
  }

  #expand(state: State): void {
    for (const message of state.sent.messages) {
      const { node, inputs } = this.#deliveryOf(message);
      for (const input of inputs) if (this.#mayDeliver(state, input)) this.#try(state, node, input);
    }
    for (const [node, member] of state.members.entries()) {
      for (const input of this.#ownInputs(member, state.spent)) this.#try(state, node, input);
    }
  }

  #mayDeliver({ spent }: State, input: number): boolean {
    const what = spentBy(this.#inputs.at(input));
    return what === undefined || this.#spending.may(spent, what);
  }

  #ownInputs(member: number, spent: number): readonly number[] {
    const key = member * SPENT_MAX + spent;
    const known = this.#own.get(key);
    if (known !== undefined) return known;
    const inputs = this.#ownInputsOf(this.#members.at(member), spent);
    const numbers = inputs.map((input) => this.#inputs.number(input));
    this.#own.set(key, numbers);
    return numbers;
  }

  #ownInputsOf({ raft, writing }: Member, spent: number): readonly Input[] {
    const may = (what: Parameters<Spending['may']>[1]) => this.#spending.may(spent, what);
    const inputs: Input[] = [];
    const { role } = raft.status();
    if (role === 'leader') {
      const value = this.#spending.count(spent, 'proposals');
      if (may('heartbeats')) inputs.push({ kind: 'heartbeat' });
      if (may('quorumChecks')) inputs.push({ kind: 'checkQuorum' });
      if (may('proposals')) inputs.push({ kind: 'propose', value });
      const { nodes } = this.#options.world;
      if (may('transfers')) inputs.push(...nodes.map((to): Input => ({ kind: 'transfer', to })));
      if (may('changes')) inputs.push(...changesOf(raft.status().configuration));
    } else if (may('campaigns')) inputs.push({ kind: 'expire' });
    if (writing.length > 0) inputs.push({ kind: 'persist' });
    if (may('crashes')) {
      for (let kept = 0; kept <= writing.length; kept += 1) inputs.push({ kind: 'crash', kept });
    }
    return inputs;
  }

  #try(state: State, node: number, input: number): void {
    const effect = this.#take(state, { node, input, isInterrupted: false });
    const isSafeFromCrash = !effect.hasWritten || this.#options.bounds.writing > 0;
    if (isSafeFromCrash || !this.#spending.may(state.spent, 'crashes')) return;
    this.#take(state, { node, input, isInterrupted: true });
  }

  #take(state: State, action: Action): Effect {
    this.#trying = { state, action };
    const { node, input, isInterrupted } = action;
    const member = state.members[node] ?? 0;
    const effect = this.#effectOf(member, input, isInterrupted);
    const fresh = notYetIn(state.sent, effect.sent);
    // What changes nothing but that a message or a chance is used up leads nowhere new.
    if (effect.member === member && fresh.length === 0) return effect;
    this.#transitions += 1;
    const spent = this.#spending.after(state.spent, this.#inputs.at(input), isInterrupted);
    const members = state.members.with(node, effect.member);
    let facts = state.members.map((each) => this.#factsOf[each] ?? 0);
    let { history } = state;
    for (const look of effect.looks) {
      if (look === facts[node]) continue;
      facts = facts.with(node, look);
      history = this.#judge(history, node, facts);
    }
    const sent = this.#withoutDead(state.sent, members);
    const alive = fresh.filter((message) => !this.#isDead(message, members));
    this.#reach({ members, history, spent, sent, before: this.#trying }, alive);
    return effect;
  }

  #receiverOf(number: number): Receiver {
    const known = this.#receivers[number];
    if (known !== undefined) return known;
    const { raft, disk } = this.#members.at(number);
    const receiver = { durableTerm: disk.hardState?.term ?? 0, role: raft.role };
    this.#receivers[number] = receiver;
    return receiver;
  }

  #withoutDead(sent: Sent, members: readonly number[]): Sent {
    if (!sent.messages.some((message) => this.#isDead(message, members))) return sent;
    return sentWhere(
      sent,
      (message) => !this.#isDead(message, members),
      (message) => this.#messages.hashes(message),
    );
  }

  #isDead(message: number, members: readonly number[]): boolean {
    const { node, inputs } = this.#deliveryOf(message);
    const member = members[node] ?? 0;
    if (!isDead(this.#messages.at(message), this.#receiverOf(member))) return false;
    for (const input of inputs) {
      const effect = this.#effectOf(member, input, false);
      assert(effect.member === member && effect.sent.length === 0, 'what is dead does nothing');
    }
    return true;
  }

  #effectOf(member: number, input: number, isInterrupted: boolean): Effect {
    const key = (member * INPUTS_MAX + input) * 2 + Number(isInterrupted);
    const known = this.#effects.get(key);
    if (known !== undefined) return known;
    const before = this.#members.at(member);
    const step = this.#driver.step(before, this.#inputs.at(input), isInterrupted);
    const sent = step.sent.map((message) => this.#messages.number(message));
    const { hasWritten } = step;
    const looks = [...step.looks, step.member].map((look) => this.#facts.number(factsOf(look)));
    const effect = { member: this.#numberOf(step.member), sent, hasWritten, looks };
    this.#effects.set(key, effect);
    return effect;
  }

  #numberOf(member: Member): number {
    const number = this.#members.number(member);
    this.#factsOf[number] ??= this.#facts.number(factsOf(member));
    return number;
  }

  #judge(history: number, node: number, facts: readonly number[]): number {
    const key = `${history} ${node} ${facts.join()}`;
    const known = this.#judged.get(key);
    if (known !== undefined) return known;
    const all = facts.map((each) => this.#facts.at(each));
    const own = this.#facts.at(facts[node] ?? 0);
    const first = this.#options.world.configuration;
    const judged = this.#histories.number(judge(this.#histories.at(history), own, all, first));
    this.#judged.set(key, judged);
    return judged;
  }

  /** With messages that were not sent before. */
  #reach(state: State, fresh: readonly number[]): void {
    const hashes = fresh.map((message) => this.#messages.hashes(message));
    this.#hash.begin();
    for (const member of state.members) this.#hash.add(this.#members.hashes(member));
    this.#hash.add(this.#histories.hashes(state.history));
    this.#hash.add(this.#spending.hashes(state.spent));
    this.#hash.add(state.sent.hashes);
    for (const each of hashes) this.#hash.add(each);
    this.#hash.end();
    if (!this.#visited.add(this.#hash.high, this.#hash.low)) return;
    this.#statesUnnamed += this.#hash.orbit;
    this.#frontier.push({ ...state, sent: withSent(state.sent, fresh, hashes) });
  }

  #deliveryOf(number: number): Delivery {
    const known = this.#deliveries[number];
    if (known !== undefined) return known;
    const message = this.#messages.at(number);
    const inputs: Input[] = [{ kind: 'deliver', message }];
    if (LATE.has(message.kind)) inputs.push({ kind: 'deliverLate', message });
    if (message.kind === 'preVoteRequest') inputs.push({ kind: 'deliverTied', message });
    const delivery = {
      node: this.#options.world.nodes.indexOf(message.to),
      inputs: inputs.map((input) => this.#inputs.number(input)),
    };
    this.#deliveries[number] = delivery;
    return delivery;
  }

  #result(violation: Exploration['violation']): Exploration {
    return {
      states: this.#visited.size,
      statesUnnamed: this.#statesUnnamed,
      transitions: this.#transitions,
      depth: this.#depth,
      isComplete: violation === undefined && this.#frontier.length === 0,
      violation,
    };
  }

  #textOf(before: State['before']): readonly string[] {
    const lines: string[] = [];
    for (let at = before; at !== undefined; at = at.state.before) {
      const { node, input, isInterrupted } = at.action;
      const end = isInterrupted ? ', and crashes before it is durable' : '';
      lines.push(`${this.#options.world.nodes[node]} ${inputText(this.#inputs.at(input))}${end}`);
    }
    return lines.reverse();
  }
}

/** Of a variant, whose classes are its own. */
function isCoreAssertion(error: unknown): error is Error {
  return error instanceof Error && error.name === 'RaftInvariantError';
}
