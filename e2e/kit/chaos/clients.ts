// Clients that read, write and swap on whichever node, and write down what they did and heard, with times.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Call,
  KvNodeClient,
  KvRefusal,
  type Operation,
  type Random,
  type Value,
} from '@rockpool/cluster/testing';

const CLIENTS = 9;
/** So that three groups are at work. */
export const SLOTS = [0, 20_000, 45_000] as const;
const HOT_KEYS_OF_SLOT = 2;
/** After that many calls a hot key is given up for a new one, so that histories of one key stay short. */
const CALLS_OF_KEY_MAX = 400;
const ANSWER_TIMEOUT_MS = 6_000;
const OPEN_TIMEOUT_MS = 500;
const AFTER_REFUSAL_MS = 40;
const AFTER_CALL_MS = 10;

/** A row that is written once; nobody may ever miss it. */
export interface KeptRow {
  readonly slot: number;
  readonly key: string;
  readonly value: string;
}

interface HotKey {
  name: string;
  calls: number;
  /** Values written to it lately, which a swap may expect. */
  recent: string[];
}

export class Clients {
  readonly history: Operation[] = [];
  /** Acknowledged, each under a key of its own. */
  readonly kept: KeptRow[] = [];
  refused = 0;
  unknown = 0;
  /** Between two acknowledgements of writes. */
  longestGap = { fromMs: 0, toMs: 0 };
  readonly #socketOf: (node: number) => string;
  readonly #random: Random;
  readonly #hotNames: { readonly slot: number; readonly name: string }[] = [];
  readonly #hot: readonly { readonly slot: number; readonly key: HotKey }[];
  #made = 0;
  #lastCommitAt = performance.now();

  constructor(socketOf: (node: number) => string, random: Random) {
    this.#socketOf = socketOf;
    this.#random = random;
    this.#hot = SLOTS.flatMap((slot) =>
      Array.from({ length: HOT_KEYS_OF_SLOT }, () => ({ slot, key: this.#newKey(slot) })),
    );
  }

  get answered(): number {
    return this.history.length - this.unknown;
  }

  /** Every key of the slot that is read, put and swapped by many. */
  keysOf(slot: number): readonly string[] {
    return this.#hotNames.filter((hot) => hot.slot === slot).map(({ name }) => name);
  }

  async work(signal: AbortSignal): Promise<void> {
    await Promise.all(
      Array.from({ length: CLIENTS }, (_, at) => this.#client(this.#random.fork(`${at}`), signal)),
    );
    this.#committed(performance.now());
  }

  /** One call on a node; what is not refused stands in the history. */
  async call(node: number, slot: number, key: string, call: Call): Promise<Operation | undefined> {
    const opening = KvNodeClient.open(this.#socketOf(node), slot);
    const client = await within(OPEN_TIMEOUT_MS, opening, (late) => late.close());
    const invokedAt = performance.now();
    const add = (outcome: Operation['outcome']): Operation => {
      const operation = { key, call, invokedAt, outcome };
      this.history.push(operation);
      return operation;
    };
    try {
      const found = await within(ANSWER_TIMEOUT_MS, carryOut(client, key, call));
      return add({ returnedAt: performance.now(), found });
    } catch (error) {
      // The node vouches that it changed nothing: if the value is ever found, nobody wrote it.
      if (error instanceof KvRefusal) {
        this.refused += 1;
        return undefined;
      }
      this.unknown += 1;
      return add(undefined);
    } finally {
      client.close();
    }
  }

  async #client(random: Random, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const node = random.between(0, 2);
      try {
        const isDone = random.chance(0.2)
          ? await this.#keep(node, random)
          : await this.#touch(node, random);
        await sleep(isDone ? AFTER_CALL_MS : AFTER_REFUSAL_MS);
      } catch {
        // The node is down or does not take connections; nothing was sent.
        await sleep(AFTER_REFUSAL_MS);
      }
    }
  }

  async #keep(node: number, random: Random): Promise<boolean> {
    const slot = random.pick(SLOTS);
    const row = { slot, key: this.#newName('row'), value: this.#newName('value') };
    const done = await this.call(node, slot, row.key, { kind: 'put', value: row.value });
    if (done?.outcome === undefined) return false;
    this.#committed(done.outcome.returnedAt);
    this.kept.push(row);
    return true;
  }

  async #touch(node: number, random: Random): Promise<boolean> {
    const { slot, key } = random.pick(this.#hot);
    if (key.calls >= CALLS_OF_KEY_MAX) Object.assign(key, this.#newKey(slot));
    key.calls += 1;
    const call = this.#nextCall(key, random);
    const done = await this.call(node, slot, key.name, call);
    if (done?.outcome === undefined) return false;
    if (call.kind === 'read' && done.outcome.found !== undefined) key.recent = [done.outcome.found];
    if (call.kind !== 'read') this.#committed(done.outcome.returnedAt);
    return true;
  }

  #nextCall(key: HotKey, random: Random): Call {
    if (random.chance(0.4)) return { kind: 'read' };
    const value = this.#newName('value');
    const expected = key.recent.at(-1);
    key.recent = [value];
    return random.chance(0.5) ? { kind: 'put', value } : { kind: 'swap', expected, value };
  }

  #committed(atMs: number): void {
    const { fromMs, toMs } = this.longestGap;
    if (atMs - this.#lastCommitAt > toMs - fromMs) {
      this.longestGap = { fromMs: this.#lastCommitAt, toMs: atMs };
    }
    this.#lastCommitAt = Math.max(this.#lastCommitAt, atMs);
  }

  #newKey(slot: number): HotKey {
    const name = this.#newName('key');
    this.#hotNames.push({ slot, name });
    return { name, calls: 0, recent: [] };
  }

  #newName(of: string): string {
    this.#made += 1;
    return `${of}-${this.#made}`;
  }
}

async function carryOut(client: KvNodeClient, name: string, call: Call): Promise<Value> {
  const key = Buffer.from(name);
  if (call.kind === 'read') return (await client.read(key))?.toString();
  const value = Buffer.from(call.value);
  if (call.kind === 'swap') {
    const expected = call.expected === undefined ? undefined : Buffer.from(call.expected);
    return (await client.swap(key, expected, value))?.toString();
  }
  await client.put(key, value);
  return undefined;
}

async function within<Result>(
  timeoutMs: number,
  doing: Promise<Result>,
  dropLate: (result: Result) => void = () => {},
): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`no answer in ${timeoutMs} ms`));
    doing.then(dropLate, () => {});
  }, timeoutMs);
  try {
    return await Promise.race([doing, late]);
  } finally {
    clearTimeout(timer);
  }
}
