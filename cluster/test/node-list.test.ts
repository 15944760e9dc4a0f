import type { KeyValue, Operation } from '@rockpool/storage';
import fc from 'fast-check';
import t from 'tap';
import {
  decodeNodeCommand,
  encodeNodeCommand,
  type NodeCommand,
} from '../src/meta/node-commands.ts';
import {
  decodeNodeOutcome,
  encodeNodeOutcome,
  NODE_OUTCOMES,
  NODES_MAX,
  NodeList,
} from '../src/meta/node-list.ts';
import { firstRows } from '../src/node/init-cluster.ts';
import type { NewNode } from '../src/ports.ts';
import { roundTrip } from '../testing/round-trip.ts';

const nodeOf = (at: number): NewNode => {
  const hex = at.toString(16).padStart(2, '0');
  const id = hex.repeat(16);
  return { id, name: `n${at}`, peerAddress: 'h:1', fingerprint: hex.repeat(32), incarnation: id };
};
const idOf = (at: number): string => nodeOf(at).id;

/** A list that is always read back from the rows that its changes leave. */
class StoredList {
  readonly #rows = new Map<string, KeyValue>();
  list: NodeList;

  constructor(count: number) {
    const nodes = Array.from({ length: count }, (_, at) => nodeOf(at + 1));
    this.#write(firstRows(nodes, 1).filter(({ key }) => key[0] === 0x22));
    this.list = new NodeList([...this.#rows.values()]);
  }

  apply(command: NodeCommand): string {
    const decoded = decodeNodeCommand(encodeNodeCommand(command));
    const { outcome, operations } = this.list.apply(decoded ?? command);
    this.#write(operations);
    this.list = new NodeList([...this.#rows.values()]);
    return outcome;
  }

  #write(operations: readonly Operation[]): void {
    for (const { key, payload } of operations) {
      const name = Buffer.from(key).toString('hex');
      if (payload === null) this.#rows.delete(name);
      else this.#rows.set(name, [key.subarray(5), payload]);
    }
  }
}

t.test('[STO-13] a node joins, is to leave, and has left for good', (t) => {
  const stored = new StoredList(3);
  t.equal(stored.apply({ kind: 'joins', node: nodeOf(4) }), 'done');
  t.equal(stored.apply({ kind: 'joins', node: nodeOf(4) }), 'unchanged', 'asked twice');
  t.equal(stored.list.byFingerprint(nodeOf(4).fingerprint)?.id, idOf(4));
  t.equal(stored.apply({ kind: 'left', id: idOf(4) }), 'notLeaving');
  t.equal(stored.apply({ kind: 'leaves', id: idOf(4) }), 'done');
  t.equal(stored.apply({ kind: 'leaves', id: idOf(4) }), 'unchanged');
  t.same(stored.list.staying, [1, 2, 3].map(idOf));
  t.equal(stored.list.nodes.length, 4, 'it is spoken with until it has left');
  t.equal(stored.apply({ kind: 'left', id: idOf(4) }), 'done');
  t.equal(stored.apply({ kind: 'left', id: idOf(4) }), 'unchanged');
  t.equal(stored.list.node(idOf(4)), undefined);
  t.ok(stored.list.isDeparting(idOf(4)));
  t.equal(stored.apply({ kind: 'joins', node: nodeOf(4) }), 'hasLeft');
  const sameKey = { ...nodeOf(5), fingerprint: nodeOf(4).fingerprint };
  t.equal(stored.apply({ kind: 'joins', node: sameKey }), 'hasLeft', 'nor does its key come back');
  t.end();
});

t.test('[STO-13] a node takes the place of another, in one command or not at all', (t) => {
  const stored = new StoredList(3);
  const taken = { ...nodeOf(4), name: 'n1' };
  t.equal(stored.apply({ kind: 'replaces', node: taken, former: idOf(2) }), 'nameTaken');
  t.same(stored.list.staying, [1, 2, 3].map(idOf));
  t.equal(stored.apply({ kind: 'replaces', node: nodeOf(4), former: idOf(9) }), 'unknown');
  t.equal(stored.apply({ kind: 'replaces', node: nodeOf(4), former: idOf(2) }), 'done');
  t.same(stored.list.staying, [1, 3, 4].map(idOf));
  t.equal(stored.apply({ kind: 'replaces', node: nodeOf(4), former: idOf(2) }), 'unchanged');
  t.end();
});

t.test('[STO-13] what may not be is refused', (t) => {
  const stored = new StoredList(1);
  t.equal(stored.apply({ kind: 'leaves', id: idOf(1) }), 'last');
  t.equal(stored.apply({ kind: 'leaves', id: idOf(2) }), 'unknown');
  t.equal(stored.apply({ kind: 'joins', node: { ...nodeOf(1), name: 'x' } }), 'keyTaken');
  t.equal(
    stored.apply({ kind: 'joins', node: { ...nodeOf(2), fingerprint: nodeOf(1).fingerprint } }),
    'keyTaken',
  );
  for (let at = 2; at <= NODES_MAX; at += 1) stored.apply({ kind: 'joins', node: nodeOf(at) });
  t.equal(stored.apply({ kind: 'joins', node: nodeOf(99) }), 'tooMany');
  t.end();
});

t.test('[STO-13] commands about nodes survive a round trip, and no bytes make them throw', (t) => {
  const ids = fc.integer({ min: 1, max: 9 });
  const nodes = ids.map(nodeOf);
  const commands: fc.Arbitrary<NodeCommand> = fc.oneof(
    fc.record({
      kind: fc.constant('moved'),
      id: ids.map(idOf),
      peerAddress: fc.constantFrom('h:1', '[::1]:65535'),
    }),
    fc.record({ kind: fc.constant('joins'), node: nodes }),
    fc.record({ kind: fc.constantFrom('leaves', 'left'), id: ids.map(idOf) }),
    fc.record({ kind: fc.constant('replaces'), node: nodes, former: ids.map(idOf) }),
  );
  roundTrip(t, commands, encodeNodeCommand, decodeNodeCommand);
  roundTrip(t, fc.constantFrom(...NODE_OUTCOMES), encodeNodeOutcome, decodeNodeOutcome);
  t.end();
});
