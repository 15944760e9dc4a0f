// Who the nodes of a cluster are, as the meta group's log has it: those that take part, those of them
// that are to leave, and for good those that have left, whose ids and keys never come back.

import type { KeyValue, Operation } from '@rockpool/storage';
import { ByteReader, ByteWriter, fromHex, toHex } from '../format/bytes.ts';
import { NodeError } from '../node-error.ts';
import {
  CLUSTER_ROW,
  clusterRowKey,
  decodeNode,
  encodeNode,
  type MemberNode,
  nodeRowKey,
} from './meta-records.ts';
import type { NodeCommand } from './node-commands.ts';

export const NODES_MAX = 64;
const LEAVING = 1;
const LEFT = 2;

/** The reply of a command about nodes: u8, the place in this list. */
export const NODE_OUTCOMES = [
  'done',
  'unchanged',
  'unreadable',
  'unknown',
  'nameTaken',
  'keyTaken',
  'hasLeft',
  'tooMany',
  'last',
  'notLeaving',
] as const;
export type NodeOutcome = (typeof NODE_OUTCOMES)[number];

export interface NodeChange {
  readonly outcome: NodeOutcome;
  readonly operations: readonly Operation[];
}

interface Departure {
  readonly state: typeof LEAVING | typeof LEFT;
  readonly fingerprint: string;
}

export class NodeList {
  readonly #nodes = new Map<string, MemberNode>();
  readonly #departures = new Map<string, Departure>();

  /** From the cluster's rows; rows of other kinds are left alone. Throws NodeError. */
  constructor(rows: readonly KeyValue[]) {
    for (const [key, payload] of rows) {
      const id = toHex(key.subarray(1));
      if (key[0] === CLUSTER_ROW.node) {
        const node = decodeNode(id, payload);
        if (node === undefined) throw new NodeError('STORE_HOLE', `Node ${id} is unreadable.`);
        this.#nodes.set(id, node);
      } else if (key[0] === CLUSTER_ROW.departure) {
        const departure = decodeDeparture(payload);
        if (departure === undefined) throw new NodeError('STORE_HOLE', `Node ${id} is unreadable.`);
        this.#departures.set(id, departure);
      }
    }
  }

  /** In the order of their ids, those that are to leave among them. */
  get nodes(): readonly MemberNode[] {
    return [...this.#nodes.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Those that groups are to have as members. */
  get staying(): readonly string[] {
    return this.nodes.map(({ id }) => id).filter((id) => !this.isLeaving(id));
  }

  node(id: string): MemberNode | undefined {
    return this.#nodes.get(id);
  }

  byFingerprint(fingerprint: string): MemberNode | undefined {
    return this.nodes.find((node) => node.fingerprint === fingerprint);
  }

  /** The id of a node that has left for good, by its key. */
  formerId(fingerprint: string): string | undefined {
    const isIt = ({ state, fingerprint: key }: Departure) => state === LEFT && key === fingerprint;
    return [...this.#departures].find(([, departure]) => isIt(departure))?.[0];
  }

  isLeaving(id: string): boolean {
    return this.#departures.get(id)?.state === LEAVING;
  }

  /** It is to leave, or has left. */
  isDeparting(id: string): boolean {
    return this.#departures.has(id);
  }

  /** All others have left at once, without the consent of any group; for a cluster that lost its majority. */
  keepOnly(self: string): readonly Operation[] {
    const others = this.nodes.filter(({ id }) => id !== self);
    return [
      { key: clusterRowKey(CLUSTER_ROW.departure, fromHex(self)), payload: null },
      ...others.flatMap((node) => [
        { key: nodeRowKey(node.id), payload: null },
        this.#depart(node, LEFT),
      ]),
    ];
  }

  apply(command: NodeCommand): NodeChange {
    switch (command.kind) {
      case 'moved':
        return this.#moved(command.id, command.peerAddress);
      case 'joins':
        return this.#joins(command.node);
      case 'leaves':
        return this.#leaves(command.id);
      case 'left':
        return this.#left(command.id);
      case 'replaces': {
        const { former, node } = command;
        if (!this.#nodes.has(former)) return refused('unknown');
        const joined = this.#joins(node);
        if (joined.outcome !== 'done' && joined.outcome !== 'unchanged') return joined;
        const left = this.#leaves(former);
        return { ...left, operations: [...joined.operations, ...left.operations] };
      }
    }
  }

  #moved(id: string, peerAddress: string): NodeChange {
    const node = this.#nodes.get(id);
    return node === undefined ? refused('unknown') : this.#put({ ...node, peerAddress });
  }

  #joins(node: MemberNode): NodeChange {
    const present = this.#nodes.get(node.id);
    if (present !== undefined) {
      const isSame = Buffer.from(encodeNode(present)).equals(encodeNode(node));
      return refused(isSame && !this.isLeaving(node.id) ? 'unchanged' : 'keyTaken');
    }
    const gone = [...this.#departures.values()].map(({ fingerprint }) => fingerprint);
    if (this.#departures.has(node.id) || gone.includes(node.fingerprint)) return refused('hasLeft');
    if (this.byFingerprint(node.fingerprint) !== undefined) return refused('keyTaken');
    if (this.nodes.some(({ name }) => name === node.name)) return refused('nameTaken');
    if (this.#nodes.size >= NODES_MAX) return refused('tooMany');
    return this.#put(node);
  }

  #leaves(id: string): NodeChange {
    const node = this.#nodes.get(id);
    if (node === undefined) return refused(this.#departures.has(id) ? 'unchanged' : 'unknown');
    if (this.isLeaving(id)) return refused('unchanged');
    if (this.staying.length === 1) return refused('last');
    return { outcome: 'done', operations: [this.#depart(node, LEAVING)] };
  }

  #left(id: string): NodeChange {
    const node = this.#nodes.get(id);
    if (node === undefined) return refused(this.#departures.has(id) ? 'unchanged' : 'unknown');
    if (!this.isLeaving(id)) return refused('notLeaving');
    this.#nodes.delete(id);
    const operations = [{ key: nodeRowKey(id), payload: null }, this.#depart(node, LEFT)];
    return { outcome: 'done', operations };
  }

  #put(node: MemberNode): NodeChange {
    this.#nodes.set(node.id, node);
    const operations = [{ key: nodeRowKey(node.id), payload: encodeNode(node) }];
    return { outcome: 'done', operations };
  }

  #depart({ id, fingerprint }: MemberNode, state: Departure['state']): Operation {
    this.#departures.set(id, { state, fingerprint });
    const payload = new ByteWriter(33).u8(state).bytes(fromHex(fingerprint)).finish();
    return { key: clusterRowKey(CLUSTER_ROW.departure, fromHex(id)), payload };
  }
}

export function encodeNodeOutcome(outcome: NodeOutcome): Uint8Array {
  return Uint8Array.of(NODE_OUTCOMES.indexOf(outcome));
}

export function decodeNodeOutcome(reply: Uint8Array): NodeOutcome | undefined {
  return reply.length === 1 ? NODE_OUTCOMES[reply[0] ?? NODE_OUTCOMES.length] : undefined;
}

function refused(outcome: NodeOutcome): NodeChange {
  return { outcome, operations: [] };
}

function decodeDeparture(bytes: Uint8Array): Departure | undefined {
  const reader = new ByteReader(bytes);
  const state = reader.u8();
  const fingerprint = toHex(reader.bytes(32));
  const isState = state === LEAVING || state === LEFT;
  return reader.complete && isState ? { state, fingerprint } : undefined;
}
