// Clients of the full world. Each does one thing after the other through the node's own door, at any node,
// and remembers what it was told; what it was not told in time may have happened or not.

import type { ClusterNode } from '../../../src/node/cluster-node.ts';
import { ClusterError } from '../../../src/ports.ts';
import { decodeFound, putCommand, swapCommand } from '../../key-value/kv-command.ts';
import { checkHistory } from '../../linearizability/check-history.ts';
import type { Call, Operation } from '../../linearizability/operation.ts';
import type { CoverageCounter } from '../coverage.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Random } from '../random.ts';
import { check } from '../violation.ts';
import type { SimMachine } from './sim-machine.ts';
import { membersOf } from './stack-nemesis.ts';
import type { StackSwarm } from './stack-swarm.ts';

/** A client gives up on a node that does not even say that time is up. */
const PATIENCE = 1.5;
const PROBE_MS = 5_000;
const BURST = 80;
const SLOT_STRIDE = 7_919;
const SLOTS = 65_536;
/** A history with many open ends is left undecided. */
const LINEARIZATION_STEPS_MAX = 300_000;

export interface Acknowledged {
  readonly value: string;
  readonly group: number;
  readonly index: number;
}

interface Client {
  machine: SimMachine;
  /** The last value that it saw of each key, for swaps. */
  readonly seen: Map<string, string | undefined>;
}

interface MutableOperation {
  readonly key: string;
  readonly call: Call;
  readonly invokedAt: number;
  outcome: { readonly returnedAt: number; readonly found?: string | undefined } | undefined;
  /** It changed nothing, and never will. */
  isVoid: boolean;
}

export interface StackClientParts {
  readonly swarm: StackSwarm;
  readonly queue: EventQueue;
  readonly random: Random;
  readonly coverage: CoverageCounter;
  readonly machines: readonly SimMachine[];
  /** What all nodes together have committed of a group. */
  readonly committedIndex: (group: number) => number;
  readonly broken: (error: unknown) => void;
}

export class StackClients {
  readonly acknowledged: Acknowledged[] = [];
  /** Values of calls that changed nothing. */
  readonly refused = new Set<string>();
  readonly #parts: StackClientParts;
  readonly #operations: MutableOperation[] = [];
  #values = 0;
  #isIdle = false;
  #isOver = false;

  constructor(parts: StackClientParts) {
    this.#parts = parts;
  }

  start(): void {
    const { swarm, machines, random } = this.#parts;
    for (let client = 0; client < swarm.client.clients; client += 1) {
      this.#later({ machine: random.pick(membersOf(machines)), seen: new Map() });
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  idle(isIdle: boolean): void {
    this.#isIdle = isIdle;
  }

  /** More at once than the node has room for. */
  burst(machine: SimMachine): void {
    for (let time = 0; time < BURST; time += 1) this.#call({ machine, seen: new Map() }, () => {});
  }

  /** One write and one read at a node; false if either fails. While the cluster is read-only the write is refused. */
  async probe(machine: SimMachine, slot: number, isReadOnly: boolean): Promise<boolean> {
    const { cluster } = machine;
    if (cluster === undefined) return false;
    const value = Buffer.from(this.#nextValue());
    const key = keyOf('probe');
    try {
      const written = await this.#write(cluster, slot, putCommand(key, value));
      await cluster.barrier(slot, { timeoutMs: PROBE_MS });
      const found = Buffer.from((await cluster.get(slot, key)) ?? []);
      return written === 'CLUSTER_READ_ONLY' ? isReadOnly : !isReadOnly && found.equals(value);
    } catch {
      return false;
    }
  }

  async #write(cluster: ClusterNode, slot: number, command: Uint8Array): Promise<string> {
    try {
      await cluster.submit(slot, command, { timeoutMs: PROBE_MS });
      return 'taken';
    } catch (error) {
      return error instanceof ClusterError ? error.code : String(error);
    }
  }

  checkHistory(): void {
    const history = this.#operations.filter(({ isVoid }) => !isVoid) as readonly Operation[];
    const verdict = checkHistory(history, { stepsMax: LINEARIZATION_STEPS_MAX });
    check(verdict.verdict !== 'violated', 'linearizable', () => JSON.stringify(verdict));
  }

  #later(client: Client): void {
    const { queue, random, swarm } = this.#parts;
    queue.after(random.exponential(swarm.client.everyMs), () => {
      if (this.#isOver) return;
      if (this.#isIdle || client.machine.cluster === undefined) {
        client.machine = random.pick(membersOf(this.#parts.machines));
        this.#later(client);
        return;
      }
      this.#call(client, () => this.#later(client));
    });
  }

  #call(client: Client, ended: () => void): void {
    const { queue, random, swarm, machines, coverage } = this.#parts;
    const { machine } = client;
    let isOver = false;
    const end = (isAnswered: boolean): void => {
      if (isOver) return;
      isOver = true;
      if (!isAnswered) {
        coverage.count('O8');
        client.machine = random.pick(membersOf(machines));
      }
      ended();
    };
    queue.after(swarm.client.timeoutMs * PATIENCE, () => end(false));
    machine.loop?.enter(() => void this.#perform(client).then(end, this.#parts.broken));
  }

  /** False if the client does not know what came of it, or is to look for another node. */
  async #perform(client: Client): Promise<boolean> {
    const { queue, random, swarm, coverage } = this.#parts;
    const { machine } = client;
    const { cluster, life } = machine;
    if (cluster === undefined) return false;
    const number = random.between(0, swarm.client.keys - 1) % random.between(1, swarm.client.keys);
    const key = `k${number}`;
    const slot = (number * SLOT_STRIDE) % SLOTS;
    const call = this.#drawCall(client, key);
    const operation: MutableOperation = {
      key,
      call,
      invokedAt: queue.nowMs,
      outcome: undefined,
      isVoid: false,
    };
    this.#operations.push(operation);
    machine.pendingCalls += 1;
    const isAlive = (): boolean => machine.life === life && machine.isUp;
    try {
      const found = await this.#ask(machine, slot, key, call);
      if (!isAlive()) return false;
      machine.pendingCalls -= 1;
      if (call.kind !== 'put') client.seen.set(key, found);
      operation.outcome = { returnedAt: queue.nowMs, found };
      coverage.count('client.acknowledged');
      return true;
    } catch (error) {
      if (!isAlive()) return false;
      machine.pendingCalls -= 1;
      this.#failed(operation, error);
      return false;
    }
  }

  async #ask(
    machine: SimMachine,
    slot: number,
    key: string,
    call: Call,
  ): Promise<string | undefined> {
    const { cluster, life } = machine;
    if (cluster === undefined) return undefined;
    const options = { timeoutMs: this.#parts.swarm.client.timeoutMs };
    const group = cluster.groupOf(slot);
    if (call.kind === 'read') {
      const committed = this.#parts.committedIndex(group);
      await cluster.barrier(slot, options);
      const applied = cluster.status().groups[group]?.appliedIndex ?? 0;
      check(applied >= committed, 'readIndex', () => `${machine.id} reads at ${applied}`);
      const value = await cluster.get(slot, keyOf(key));
      return value === undefined ? undefined : Buffer.from(value).toString();
    }
    const value = Buffer.from(call.value);
    const isSwap = call.kind === 'swap';
    const expected = isSwap && call.expected !== undefined ? Buffer.from(call.expected) : undefined;
    const command = isSwap
      ? swapCommand(keyOf(key), expected, value)
      : putCommand(keyOf(key), value);
    const { reply, index } = await cluster.submit(slot, command, options);
    if (machine.life === life && machine.isUp) {
      this.acknowledged.push({ value: call.value, group, index });
    }
    return isSwap ? decodeFound(Buffer.from(reply))?.toString() : undefined;
  }

  #failed(operation: MutableOperation, error: unknown): void {
    // A node that cannot read what it stores stops; what it was asked is not known.
    if (!(error instanceof ClusterError)) {
      if (error instanceof Error && 'code' in error) return;
      throw error;
    }
    const { coverage } = this.#parts;
    if (error.code === 'CLUSTER_BUSY') coverage.count('O10');
    if (error.code === 'CLUSTER_READ_ONLY') coverage.count('guard.readOnly');
    coverage.count(error.code === 'CLUSTER_TIMEOUT' ? 'client.unknown' : 'client.refused');
    if (error.code === 'CLUSTER_TIMEOUT' && operation.call.kind !== 'read') return;
    operation.isVoid = true;
    if (operation.call.kind !== 'read') this.refused.add(operation.call.value);
  }

  #drawCall(client: Client, key: string): Call {
    const { random } = this.#parts;
    const draw = random.unit();
    if (draw < 0.4) return { kind: 'read' };
    const value = this.#nextValue();
    if (draw < 0.75) return { kind: 'put', value };
    return { kind: 'swap', expected: client.seen.get(key), value };
  }

  #nextValue(): string {
    const { random, swarm } = this.#parts;
    this.#values += 1;
    return `${this.#values}:${'x'.repeat(random.between(0, swarm.client.bytesMax))}`;
  }
}

function keyOf(key: string): Buffer {
  return Buffer.from(key);
}
