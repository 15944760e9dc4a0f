// Every history within the bounds, breadth first, on the real core: an input to one node is one step. What a
// node does depends on itself alone, so each pair of a node's state and an input is run once and remembered.

import type { PeerMessage } from '../../src/core/messages.ts';
import type { createRaft } from '../../src/core/raft.ts';
import { type Bounds, Spending } from './bounds.ts';
import { Interned } from './interned.ts';
import {
  BrokenInvariant,
  type Facts,
  factsOf,
  type History,
  judge,
  NO_HISTORY,
} from './invariants.ts';
import { type Input, type Member, Members, NODES } from './member.ts';
import { StateHash } from './names.ts';
import { NOTHING_SENT, notYetIn, type Sent, withSent } from './sent.ts';
import { Visited } from './visited.ts';

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
  readonly #driver: Members;
  readonly #spending: Spending;
  readonly #members = new Interned<Member>();
  readonly #facts = new Interned<Facts>();
  readonly #factsOf: number[] = [];
  readonly #inputs = new Interned<Input>();
  readonly #messages = new Interned<PeerMessage>();
  /** By message. */
  readonly #deliveries: Delivery[] = [];
  /** By member and by what is spent. */
  readonly #own = new Map<number, readonly number[]>();
  readonly #histories = new Interned<History>();
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
    this.#options = options;
    this.#driver = new Members(create, options.bounds.writing);
    this.#spending = new Spending(options.bounds);
    this.#hash = new StateHash(options.isSymmetric ?? true);
  }

  run(): Exploration {
    const members = NODES.map((node) => this.#numberOf(this.#driver.first(node)));
    const history = this.#histories.number(NO_HISTORY);
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
      for (const input of inputs) this.#try(state, node, input);
    }
    for (const [node, member] of state.members.entries()) {
      for (const input of this.#ownInputs(member, state.spent)) this.#try(state, node, input);
    }
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
      if (may('transfers')) inputs.push(...NODES.map((to): Input => ({ kind: 'transfer', to })));
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
    const isSame = this.#factsOf[effect.member] === this.#factsOf[member];
    const history = isSame ? state.history : this.#judge(state.history, node, members);
    this.#reach({ members, history, spent, sent: state.sent, before: this.#trying }, fresh);
    return effect;
  }

  #effectOf(member: number, input: number, isInterrupted: boolean): Effect {
    const key = (member * INPUTS_MAX + input) * 2 + Number(isInterrupted);
    const known = this.#effects.get(key);
    if (known !== undefined) return known;
    const before = this.#members.at(member);
    const step = this.#driver.step(before, this.#inputs.at(input), isInterrupted);
    const sent = step.sent.map((message) => this.#messages.number(message));
    const effect = { member: this.#numberOf(step.member), sent, hasWritten: step.hasWritten };
    this.#effects.set(key, effect);
    return effect;
  }

  #numberOf(member: Member): number {
    const number = this.#members.number(member);
    this.#factsOf[number] ??= this.#facts.number(factsOf(member));
    return number;
  }

  #judge(history: number, node: number, members: readonly number[]): number {
    const facts = members.map((member) => this.#factsOf[member] ?? 0);
    const key = `${history} ${node} ${facts.join()}`;
    const known = this.#judged.get(key);
    if (known !== undefined) return known;
    const all = facts.map((each) => this.#facts.at(each));
    const own = this.#facts.at(facts[node] ?? 0);
    const judged = this.#histories.number(judge(this.#histories.at(history), own, all));
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
    const delivery = {
      node: NODES.indexOf(message.to),
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
      lines.push(`${NODES[node]} ${inputText(this.#inputs.at(input))}${end}`);
    }
    return lines.reverse();
  }
}

/** Of a variant, whose classes are its own. */
function isCoreAssertion(error: unknown): error is Error {
  return error instanceof Error && error.name === 'RaftInvariantError';
}

function inputText(input: Input): string {
  switch (input.kind) {
    case 'deliver':
    case 'deliverLate': {
      const { kind, from, term } = input.message;
      const late = input.kind === 'deliverLate' ? ', long after a word from its leader' : '';
      return `<- ${from} ${kind} of term ${term}${late}`;
    }
    case 'crash':
      return `crashes, with ${input.kept} of its batches written`;
    case 'propose':
      return `takes proposal ${input.value}`;
    case 'transfer':
      return `hands over to ${input.to}`;
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
