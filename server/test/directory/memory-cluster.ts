// The directory on plain maps: one replica of every slot, with the log that brought it there, so
// that a test can replay it. Reads outside the command's read set fail, as in the cluster's driver.

import { equalBytes, toHex } from '@rockpool/protocol';
import { verifyChecks } from '@rockpool/protocol/testing';
import { type Command, encodeCommand } from '../../src/directory/commands.ts';
import { createDirectory, DIRECTORY_RULE_VERSION } from '../../src/directory/create-directory.ts';
import { type DirectoryEvent, decodeEvent } from '../../src/directory/events.ts';
import type { Bytes, GroupReader, Revokes, Row, VerifyChecks } from '../../src/directory/ports.ts';
import { decodeReply, type Reply } from '../../src/directory/replies.ts';

export interface LogEntry {
  readonly slot: number;
  readonly command: Bytes;
  readonly timeMs: number;
}

type Unversioned<C> = C extends Command ? Omit<C, 'v'> : never;

export class MemoryCluster {
  readonly groups = [0];
  readonly log: LogEntry[] = [];
  readonly events: DirectoryEvent[] = [];
  timeMs: number;
  leader = true;
  readonly #rows = new Map<string, { slot: number; key: Bytes; value: Bytes }>();
  readonly #machine;
  readonly #onEvent: ((event: { group: number; event: Bytes }) => void)[] = [];
  readonly #onLeadership: ((group: number, leader: boolean) => void)[] = [];

  constructor(timeMs: number, verify: VerifyChecks = verifyChecks, revokes?: Revokes) {
    this.timeMs = timeMs;
    this.#machine = createDirectory({ verify, ...(revokes === undefined ? {} : { revokes }) });
  }

  /** Applies one command at `timeMs`, writes its rows, and returns what it was answered. */
  apply(slot: number, command: Unversioned<Command> | Bytes): Reply {
    const bytes = command instanceof Uint8Array ? command : encodeCommand(command);
    this.log.push({ slot, command: bytes, timeMs: this.timeMs });
    const nameOf = (key: Bytes) => this.#nameOf(slot, key);
    const readSet = new Set(this.#machine.readSet(slot, bytes).map(nameOf));
    const applied = this.#machine.apply(
      (key) => {
        const name = nameOf(key);
        if (!readSet.has(name)) throw new Error('read outside the read set');
        return this.#rows.get(name)?.value;
      },
      bytes,
      {
        group: 0,
        slot,
        index: this.log.length,
        term: 1,
        entryTimeMs: this.timeMs,
        ruleVersion: DIRECTORY_RULE_VERSION,
      },
    );
    for (const { key, value } of applied.writes) {
      if (value === null) this.#rows.delete(nameOf(key));
      else this.#rows.set(nameOf(key), { slot, key, value });
    }
    for (const event of applied.events) {
      const decoded = decodeEvent(event);
      if (!decoded.ok) throw new Error(`unreadable event: ${decoded.detail}`);
      this.events.push(decoded.value);
      for (const listener of this.#onEvent) listener({ group: 0, event });
    }
    const reply = decodeReply(applied.reply);
    if (!reply.ok) throw new Error(`unreadable reply: ${reply.detail}`);
    this.#lastReply = applied.reply;
    return reply.value;
  }

  #lastReply: Bytes = new Uint8Array();

  async submit(slot: number, command: Bytes): Promise<{ reply: Bytes }> {
    this.apply(slot, command);
    return { reply: this.#lastReply };
  }

  async barrier(_slot: number): Promise<void> {}

  async get(slot: number, key: Bytes): Promise<Bytes | undefined> {
    return this.#rows.get(nameOf(slot, key))?.value;
  }

  async getOfGroup(_group: number, key: Bytes): Promise<Bytes | undefined> {
    return this.#rows.get(this.#nameOf(0, key))?.value;
  }

  async scan(
    slot: number,
    options: { prefix: Bytes; after?: Bytes; limit: number },
  ): Promise<readonly Row[]> {
    const prefix = nameOf(slot, options.prefix);
    const after = options.after === undefined ? '' : nameOf(slot, options.after);
    return this.#sorted((name) => name.startsWith(prefix) && name > after, options.limit);
  }

  async scanGroup(_group: number, options: Parameters<GroupReader['scanGroup']>[1]) {
    const prefix = toHex(options.prefix);
    const { after, limit } = options;
    const last = after === undefined ? '' : nameOf(after.slot, after.key);
    return this.#sorted(
      (name) => name.split(' ')[1]?.startsWith(prefix) === true && name > last,
      limit,
    );
  }

  groupOf(_slot: number): number {
    return 0;
  }

  isLeader(_group: number): boolean {
    return this.leader;
  }

  onEvent(listener: (event: { group: number; event: Bytes }) => void): void {
    this.#onEvent.push(listener);
  }

  onLeadership(listener: (group: number, leader: boolean) => void): void {
    this.#onLeadership.push(listener);
  }

  setLeader(leader: boolean): void {
    this.leader = leader;
    for (const listener of this.#onLeadership) listener(0, leader);
  }

  /** Every row, in order, as text: equal dumps are byte-equal replicas. */
  dump(): readonly string[] {
    return [...this.#rows].map(([name, { value }]) => `${name} ${toHex(value)}`).sort();
  }

  /** Number of rows whose key begins with this letter. */
  count(prefix: string): number {
    const first = toHex(new TextEncoder().encode(prefix));
    return [...this.#rows.keys()].filter((name) => name.split(' ')[1]?.startsWith(first)).length;
  }

  /** Rows of the one group itself stand apart from those of its slots. */
  #nameOf(slot: number, key: Bytes): string {
    const isOfGroup = this.#machine.groupKeys.some((known) => equalBytes(known, key));
    return isOfGroup ? `group ${toHex(key)}` : nameOf(slot, key);
  }

  #sorted(fits: (name: string) => boolean, limit: number) {
    const names = [...this.#rows.keys()].filter(fits).sort().slice(0, limit);
    return names.map((name) => {
      const row = this.#rows.get(name);
      if (row === undefined) throw new Error('row vanished');
      return row;
    });
  }
}

function nameOf(slot: number, key: Bytes): string {
  return `${slot} ${toHex(key)}`;
}
