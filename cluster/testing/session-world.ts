// Nodes that submit, and a log that is agreed on by decree: everything between a submission and its effect is
// the real thing, and who leads, what is lost, doubled or evicted and when is in the hands of a test.

import type { Entry } from '../src/core/entry.ts';
import { applyCommands } from '../src/driver/apply-commands.ts';
import { Submissions } from '../src/driver/submissions.ts';
import { fromHex, toHex } from '../src/format/bytes.ts';
import { decodeCommand, encodeCommand, openSession } from '../src/format/command.ts';
import type { ForwardedProposal, ProposalAnswer } from '../src/format/peer-payload.ts';
import { HEAD_BYTES, KEY_KIND, rowKey } from '../src/format/store-key.ts';
import { ClusterError } from '../src/ports.ts';
import { SessionTable } from '../src/sessions/session-table.ts';
import { counterMachine } from './counter-machine.ts';

const GROUP = 1;
const SLOT = 3;

export interface Message {
  readonly from: WorldNode;
  readonly to: WorldNode;
  readonly arrive: () => void;
}

export class WorldNode {
  readonly id: string;
  readonly #world: World;
  readonly #timers = new Set<() => void>();
  /** The replica: what a disk keeps. */
  rows = new Map<string, Uint8Array>();
  applied = 0;
  sessions = new SessionTable(GROUP, []);
  submissions: Submissions;
  view: { term: number; leader: string | undefined } = { term: 0, leader: undefined };

  constructor(id: string, world: World) {
    this.id = id;
    this.#world = world;
    this.submissions = this.#newSubmissions();
  }

  /** By key: undefined while it waits, else 'done' or the code of its failure. */
  submit(): string {
    const key = `k${this.#world.outcomes.size}`;
    this.#world.outcomes.set(key, undefined);
    this.submissions.submit(GROUP, SLOT, Buffer.from(key), 1).then(
      () => this.#world.outcomes.set(key, 'done'),
      (error: unknown) => {
        this.#world.outcomes.set(key, error instanceof ClusterError ? error.code : String(error));
      },
    );
    return key;
  }

  /** Learns who leads. */
  hear(): void {
    const { term, leader } = this.#world;
    this.view = { term, leader: leader.id };
    this.submissions.retry();
  }

  /** Connections of this node to another one break, with all that is on its way. */
  lose(other: WorldNode): void {
    const { network } = this.#world;
    const isLost = ({ from, to }: Message) =>
      (from === this && to === other) || (from === other && to === this);
    this.#world.network = network.filter((message) => !isLost(message));
    this.submissions.disconnected(other.id);
    other.submissions.disconnected(this.id);
  }

  /** One page of what is committed; each replica cuts its pages as it likes. */
  async apply(count: number): Promise<void> {
    const entries = this.#world.committed.slice(this.applied, this.applied + count);
    if (entries.length === 0) return;
    const page = await applyCommands(entries, {
      machine: counterMachine,
      slots: { epoch: 1, ranges: [{ first: SLOT, last: SLOT }] },
      meta: undefined,
      sessions: this.sessions,
      getMany: async (keys) => keys.map((key) => this.rows.get(toHex(key))),
    });
    for (const { key, payload } of page.operations) {
      if (payload === null) this.rows.delete(toHex(key));
      else this.rows.set(toHex(key), payload);
    }
    this.applied += entries.length;
    for (const entry of page.entries) this.submissions.applied(entry);
  }

  /** A snapshot of another replica takes the place of the entries up to there. */
  install(other: WorldNode): void {
    if (other.applied <= this.applied) return;
    this.rows = new Map(other.rows);
    this.applied = other.applied;
    this.sessions.restore(this.#sessionRows());
    this.submissions.skipped(GROUP, this.sessions);
  }

  restart(): void {
    for (const other of this.#world.nodes) this.lose(other);
    this.submissions.stop();
    this.#timers.clear();
    this.sessions = new SessionTable(GROUP, this.#sessionRows());
    this.submissions = this.#newSubmissions();
  }

  /** Callers' times are over, from the first one on. */
  expire(count: number): void {
    for (const run of [...this.#timers].slice(0, count)) {
      this.#timers.delete(run);
      run();
    }
  }

  countOf(key: string): number {
    const row = this.rows.get(toHex(rowKey(GROUP, SLOT, Buffer.from(key))));
    return row === undefined ? 0 : Buffer.from(row).readUInt32BE();
  }

  get content(): string[] {
    return [...this.rows].map(([key, payload]) => `${key}=${toHex(payload)}`).sort();
  }

  #sessionRows() {
    return [...this.rows]
      .map(([key, payload]) => [fromHex(key), payload] as const)
      .filter(([key]) => key[0] === KEY_KIND.session)
      .map(([key, payload]) => [key.subarray(HEAD_BYTES), payload] as const);
  }

  #newSubmissions(): Submissions {
    return new Submissions({
      self: this.id,
      clientId: this.#world.nextClientId(),
      ruleVersion: 1,
      tableEpoch: 1,
      view: () => this.view,
      after: (_, run) => {
        this.#timers.add(run);
        return () => this.#timers.delete(run);
      },
      propose: ({ command }) => this.#world.propose(this, command),
      forward: (leader, proposal) => this.#forward(leader, proposal),
    });
  }

  #forward(leader: string, proposal: ForwardedProposal): boolean {
    const to = this.#world.nodes.find(({ id }) => id === leader);
    if (to === undefined) return false;
    const { request, command } = proposal;
    const { submissions } = this;
    this.#world.network.push({
      from: this,
      to,
      arrive: () => {
        const answer = this.#world.propose(to, command);
        this.#world.network.push({
          from: to,
          to: this,
          arrive: () => submissions.replied(to.id, { request, answer }),
        });
      },
    });
    return true;
  }
}

export class World {
  readonly committed: Entry[] = [];
  /** What the leader has appended, and a majority has not. */
  #tail: Uint8Array[] = [];
  network: Message[] = [];
  readonly nodes: readonly WorldNode[];
  readonly outcomes = new Map<string, string | undefined>();
  term = 1;
  leader: WorldNode;
  #clients = 0;

  constructor() {
    const made = ['a', 'b', 'c'].map((id) => new WorldNode(id, this));
    this.nodes = made;
    this.leader = this.node(0);
  }

  node(at: number): WorldNode {
    const node = this.nodes[at % this.nodes.length];
    if (node === undefined) throw new Error('there is always a node');
    return node;
  }

  nextClientId(): Uint8Array {
    this.#clients += 1;
    const clientId = new Uint8Array(16);
    new DataView(clientId.buffer).setUint32(0, this.#clients);
    return clientId;
  }

  propose(node: WorldNode, command: Uint8Array): ProposalAnswer {
    if (node !== this.leader) return 'notLeader';
    this.#tail.push(command);
    return 'appended';
  }

  commit(count: number): void {
    for (const command of this.#tail.splice(0, count)) {
      const index = this.committed.length + 1;
      const head = { group: GROUP, index, term: this.term, checksum: 0, kind: 'command' } as const;
      this.committed.push({ ...head, ruleVersion: 1, entryTimeMs: index, tableEpoch: 1, command });
    }
  }

  /** Of what the old leader had appended, the new one has the first few. */
  elect(at: number, kept: number): void {
    this.commit(kept);
    this.#tail = [];
    this.term += 1;
    this.leader = this.node(at);
  }

  /** So many clients that nobody else hears of. */
  strangers(count: number): void {
    for (let at = 0; at < count; at += 1) {
      this.#tail.push(encodeCommand(openSession(this.nextClientId())));
    }
  }

  deliver(at = 0, isDoubled = false): void {
    const place = this.network.length === 0 ? 0 : at % this.network.length;
    const [message] = isDoubled
      ? this.network.slice(place, place + 1)
      : this.network.splice(place, 1);
    message?.arrive();
  }

  /** Nothing is lost any more, and everybody hears of everything, until all is quiet. */
  async settle(): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      for (const node of this.nodes) node.hear();
      while (this.network.length > 0) this.deliver();
      this.commit(Number.POSITIVE_INFINITY);
      for (const node of this.nodes) await node.apply(Number.POSITIVE_INFINITY);
    }
    await Promise.resolve();
  }

  /** How often each command stands in the log, by its body. */
  get copies(): ReadonlyMap<string, number> {
    const copies = new Map<string, number>();
    for (const { command } of this.committed) {
      const body = Buffer.from(decodeCommand(command)?.body ?? []).toString('latin1');
      copies.set(body, (copies.get(body) ?? 0) + 1);
    }
    return copies;
  }
}
