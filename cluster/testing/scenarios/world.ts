// The nodes of a scenario and what is on its way between them. Nothing moves by itself: a message waits on
// its link until it is delivered or dropped. Whatever a scenario does, one leader a term and one history hold.

import type { Entry, NodeId } from '../../src/core/entry.ts';
import type { RaftLimits } from '../../src/core/types.ts';
import { chainChecksum } from '../sim/chain-checksum.ts';
import { firstState } from '../sim/disk.ts';
import { GROUP } from './forged.ts';
import { messageText } from './notation.ts';
import { type Letter, type NodeHost, type NodeSettings, ScenarioNode } from './scenario-node.ts';

export const NODES_MAX = 9;
const DELIVERIES_MAX = 20_000;
const TRACE_LINES_MAX = 2_000;

const MIB = 1024 * 1024;

export const LIMITS: RaftLimits = {
  appendBytesMax: MIB,
  inflightAppendsMax: 64,
  inflightBytesMax: MIB,
  uncommittedBytesMax: MIB,
  applyBytesMax: MIB,
  logEntriesKept: 1_000_000,
  logBytesKept: 1024 * MIB,
  logBytesMax: 1024 * MIB,
  readsMax: 64,
};

export interface WorldOptions {
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly limits: RaftLimits;
  /** The thesis's, or with a known mistake in them. */
}

export class World {
  readonly nodes = new Map<NodeId, ScenarioNode>();
  readonly electionTicks: number;
  readonly #cuts = new Set<string>();
  readonly #leaders = new Map<number, NodeId>();
  readonly #history = new Map<number, number>();
  readonly #settings: NodeSettings;
  readonly #host: NodeHost;
  #letters: Letter[] = [];
  #trace: string[] = [];
  #isQuiet = false;

  constructor(count: number, { electionTicks, heartbeatTicks, limits }: WorldOptions) {
    this.electionTicks = electionTicks;
    const voters = Array.from({ length: count }, (_, at) => String(at + 1));
    const first = firstState(voters);
    this.#settings = { first, electionTicks, heartbeatTicks, limits, chainChecksum, group: GROUP };
    this.#host = {
      note: (line: string, weight: 'outcome' | 'detail') => this.note(line, weight),
      send: (letter: Letter) => this.send(letter),
      applied: (node: NodeId, entry: Entry) => this.#applied(node, entry),
      elected: (node: NodeId, term: number) => this.#elected(node, term),
    };
    for (const id of voters) {
      this.nodes.set(id, new ScenarioNode(id, this.#settings, this.#host));
    }
    for (const node of this.nodes.values()) node.start();
  }

  /** A node that has nothing, and knows of nobody. */
  addNewcomer(id: NodeId): ScenarioNode {
    const settings = { ...this.#settings, first: firstState([]) };
    const node = new ScenarioNode(id, settings, this.#host);
    this.nodes.set(id, node);
    node.start();
    return node;
  }

  get letters(): readonly Letter[] {
    return this.#letters;
  }

  note(line: string, weight: 'outcome' | 'detail' = 'outcome'): void {
    if (this.#isQuiet && weight === 'detail') return;
    if (this.#trace.length >= TRACE_LINES_MAX)
      throw new Error('the trace of one command is too long');
    this.#trace.push(line);
  }

  takeTrace(): readonly string[] {
    const trace = this.#trace;
    this.#trace = [];
    return trace;
  }

  /** Only outcomes are traced meanwhile: roles, what is applied, how reads end. */
  quietly(run: () => void): void {
    this.#isQuiet = true;
    run();
    this.#isQuiet = false;
  }

  send(letter: Letter): void {
    const { message } = letter;
    const { from, to } = message;
    const isLost = this.#cuts.has(linkOf(from, to));
    const end = isLost ? ' (lost)' : '';
    this.note(`${from} -> ${to} ${messageText(message)}${end}`, 'detail');
    if (!isLost) this.#letters.push(letter);
  }

  /** Messages on a link, the oldest first; `*` stands for every node. */
  waiting(from: string, to: string): readonly Letter[] {
    return this.#letters.filter(
      ({ message }) => (from === '*' || message.from === from) && (to === '*' || message.to === to),
    );
  }

  deliver(letter: Letter): void {
    this.drop(letter);
    const { from, to, kind } = letter.message;
    this.note(`${to} <- ${from} ${kind}`, 'detail');
    this.nodes.get(to)?.receive(letter);
  }

  drop(letter: Letter): void {
    const at = this.#letters.indexOf(letter);
    if (at !== -1) this.#letters.splice(at, 1);
  }

  duplicate(letter: Letter): void {
    this.#letters.push({ ...letter });
  }

  /** Delivers until nothing is on its way. */
  stabilize(): void {
    for (let deliveries = 0; ; deliveries += 1) {
      const [oldest] = this.#letters;
      if (oldest === undefined) return;
      if (deliveries > DELIVERIES_MAX) throw new Error('messages go round for ever');
      this.deliver(oldest);
    }
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cuts.add(linkOf(from, to));
    for (const letter of this.waiting(from, to)) this.drop(letter);
  }

  heal(): void {
    this.#cuts.clear();
  }

  #elected(node: NodeId, term: number): void {
    const before = this.#leaders.get(term);
    if (before !== undefined && before !== node) {
      throw new Error(`${before} and ${node} both lead in term ${term}`);
    }
    this.#leaders.set(term, node);
  }

  #applied(node: NodeId, { index, checksum }: Entry): void {
    const before = this.#history.get(index);
    if (before !== undefined && before !== checksum) {
      throw new Error(`${node} applies another entry ${index} than was applied before`);
    }
    this.#history.set(index, checksum);
  }
}

function linkOf(from: NodeId, to: NodeId): string {
  return `${from}>${to}`;
}
