import fc from 'fast-check';
import t from 'tap';
import type { Command } from '../src/format/command.ts';
import { HEAD_BYTES } from '../src/format/store-key.ts';
import { SequenceSet } from '../src/sessions/sequence-set.ts';
import { decodeSession, encodeSession, sessionKey } from '../src/sessions/session-record.ts';
import { SessionTable } from '../src/sessions/session-table.ts';
import { roundTrip } from '../testing/round-trip.ts';

const clientOf = (number: number) => new Uint8Array(16).fill(number);
const command = (session: number, sequence: number, oldest = 1): Command => {
  return { slot: 3, session, sequence, oldest, body: new Uint8Array(0) };
};

/** What a table would be after a restart, or at another node. */
function copyOf(table: SessionTable, rows: Map<string, Uint8Array>): SessionTable {
  for (const { key, payload } of table.takeRows()) {
    const name = Buffer.from(key).toString('hex');
    if (payload === null) rows.delete(name);
    else rows.set(name, payload);
  }
  const stored = [...rows].map(
    ([name, payload]) => [Buffer.from(name, 'hex').subarray(HEAD_BYTES), payload] as const,
  );
  return new SessionTable(1, stored);
}

t.test('[STO-16] a session survives a round trip, and no bytes make its decoder throw', (t) => {
  const sequences = fc.uniqueArray(fc.nat(4_095), { maxLength: 20 });
  const clientId = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const head = { clientId, lastUse: fc.maxSafeNat(), oldest: fc.nat(2 ** 40) };
  const session = fc.record({ ...head, sequences }).map(({ sequences, ...record }) => {
    const taken = new SequenceSet(record.oldest, []);
    for (const sequence of sequences) taken.add(record.oldest + sequence);
    return { ...record, ranges: taken.ranges };
  });
  roundTrip(t, session, encodeSession, decodeSession);
  const record = { clientId: clientOf(1), lastUse: 9, oldest: 2 };
  const read = (...ranges: [first: number, last: number][]) =>
    decodeSession(
      encodeSession({ ...record, ranges: ranges.map(([first, last]) => ({ first, last })) }),
    );
  t.ok(read([2, 3], [5, 2 + 4_095]));
  t.equal(read([2, 3], [4, 5]), undefined, 'adjoining');
  t.equal(read([5, 6], [2, 3]), undefined, 'not ascending');
  t.equal(read([4, 3]), undefined, 'its end before its beginning');
  t.equal(read([2, 2 + 4_096]), undefined, 'beyond the window');
  t.end();
});

t.test('sequences come in any order, and few ranges tell which are taken', (t) => {
  const sequences = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 60 });
  fc.assert(
    fc.property(sequences, fc.nat(60), (taken, oldest) => {
      const set = new SequenceSet(1, []);
      for (const sequence of taken) set.add(sequence);
      set.forgetBelow(oldest);
      for (let sequence = 1; sequence <= 61; sequence += 1) {
        if (set.has(sequence) !== (sequence < oldest || taken.includes(sequence))) return false;
      }
      const isApart = set.ranges.every(({ first, last }, at) => {
        const before = set.ranges[at - 1];
        return first <= last && (before === undefined || first > before.last + 1);
      });
      return isApart && set.ranges.every(({ first }) => first >= oldest);
    }),
  );
  const set = new SequenceSet(1, []);
  for (const sequence of [1, 2, 5, 4, 3]) set.add(sequence);
  t.same(set.ranges, [{ first: 1, last: 5 }]);
  t.end();
});

t.test('[STO-16] each sequence of a session is admitted once, and none below the oldest', (t) => {
  const table = new SessionTable(1, []);
  t.equal(table.admit(command(5, 1), 6), 'sessionUnknown');
  t.ok(table.open(clientOf(1), 7));
  t.notOk(table.open(clientOf(1), 8), 'a client has one session');
  t.equal(table.sessionOf(clientOf(1)), 7);
  t.equal(table.admit(command(7, 1), 9), 'admitted');
  t.equal(table.admit(command(7, 1), 10), 'repeated');
  t.equal(table.admit(command(7, 4, 3), 11), 'admitted');
  t.equal(table.admit(command(7, 2, 1), 12), 'repeated', 'its sender has given it up');
  t.equal(table.admit(command(7, 3, 1), 13), 'admitted', 'late, and still waited for');
  t.equal(table.admit(command(8, 9), 14), 'sessionUnknown');
  t.same(
    [2, 4, 5].map((sequence) => table.isTaken(7, sequence)),
    [true, true, false],
  );
  t.equal(table.isTaken(8, 1), undefined);
  t.end();
});

t.test('[STO-16] a sequence that is a window above the oldest is refused', (t) => {
  const table = new SessionTable(1, []);
  table.open(clientOf(1), 1);
  t.equal(table.admit(command(1, 4_097, 1), 2), 'sessionUnknown');
  t.equal(table.admit(command(1, 4_096, 1), 2), 'admitted');
  t.equal(table.admit(command(1, 4_097, 2), 3), 'admitted', 'the window moves with the oldest');
  t.equal(table.admit(command(1, 4_098, 1), 4), 'sessionUnknown', 'and never back');
  t.end();
});

t.test('[STO-16] of 64 sessions the one that was used longest ago goes first', (t) => {
  const table = new SessionTable(1, []);
  for (let index = 1; index <= 64; index += 1) table.open(clientOf(index), index);
  table.admit(command(1, 1), 65);
  table.takeRows();
  t.ok(table.open(clientOf(100), 66));
  t.same(
    table.takeRows().map(({ key, payload }) => [Buffer.from(key), payload === null]),
    [
      [Buffer.from(sessionKey(1, 2)), true],
      [Buffer.from(sessionKey(1, 66)), false],
    ],
    'the second one: the first was at work',
  );
  t.equal(table.admit(command(2, 1), 67), 'sessionUnknown');
  t.equal(table.admit(command(1, 2), 68), 'admitted');
  t.ok(table.open(clientOf(2), 69), 'the client may come back');
  t.equal(table.admit(command(2, 1), 70), 'sessionUnknown', 'as another session');
  t.equal(table.admit(command(3, 1), 71), 'sessionUnknown', 'in the place of the third');
  t.same(table.takeRows().length, 3);
  t.same(table.takeRows(), [], 'what did not change is not written');
  t.end();
});

t.test('[STO-16] what was written makes the same table, whenever it was written', (t) => {
  const step = fc.record({
    opens: fc.boolean(),
    client: fc.nat(70),
    session: fc.nat(200),
    sequence: fc.integer({ min: 1, max: 30 }),
    back: fc.nat(10),
    isPageEnd: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const [one, rows] = [new SessionTable(1, []), new Map<string, Uint8Array>()];
      // Another replica starts anew after each of its pages.
      let [other, otherRows] = [new SessionTable(1, []), new Map<string, Uint8Array>()];
      for (const [at, { opens, client, session, sequence, back, isPageEnd }] of steps.entries()) {
        const numbered = command(session, sequence, Math.max(1, sequence - back));
        const outcomes = [one, other].map((table) =>
          opens ? table.open(clientOf(client), at + 1) : table.admit(numbered, at + 1),
        );
        if (outcomes[0] !== outcomes[1]) return false;
        if (isPageEnd) other = copyOf(other, otherRows);
      }
      copyOf(one, rows);
      copyOf(other, otherRows);
      const plain = (content: Map<string, Uint8Array>) =>
        [...content].map(([key, row]) => `${key}=${Buffer.from(row).toString('hex')}`).sort();
      return plain(rows).join() === plain(otherRows).join() && rows.size <= 64;
    }),
  );
  t.throws(() => new SessionTable(1, [[new Uint8Array(8), Uint8Array.of(1)]]), {
    code: 'STORE_HOLE',
  });
  t.end();
});
