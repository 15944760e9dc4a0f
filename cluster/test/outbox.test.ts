import t from 'tap';
import type { PeerMessage } from '../src/core/messages.ts';
import { Outbox } from '../src/driver/outbox.ts';
import { decodeRaftBundle } from '../src/format/peer-payload.ts';

/** What left by one flush: to whom, and the kinds and commit indexes of it. */
function harness() {
  const sent: string[] = [];
  const timers: (() => void)[] = [];
  let due = 0;
  const outbox = new Outbox({
    after: (_delayMs, run) => {
      timers.push(run);
      return () => timers.splice(timers.indexOf(run), 1);
    },
    due: () => {
      due += 1;
    },
    send: (nodeId, bundle) => {
      const messages = decodeRaftBundle(bundle, 'a', nodeId) ?? [];
      const words = messages.map((message) => {
        return message.kind === 'append' ? `commit ${message.commit}` : message.kind;
      });
      sent.push(`${nodeId}: ${words.join(', ')}`);
      return true;
    },
    dropped: () => {},
  });
  const flush = (): readonly string[] => {
    outbox.flush();
    return sent.splice(0);
  };
  return { outbox, timers, flush, due: () => due };
}

const FROM = { group: 1, from: 'a', term: 3 } as const;

function commitOf(to: string, commit: number, group = 1): PeerMessage {
  const previous = { previousIndex: 9, previousTerm: 3 };
  return { ...FROM, group, kind: 'append', to, ...previous, commit, entries: [] };
}

function heartbeatTo(to: string): PeerMessage {
  return { ...FROM, kind: 'heartbeat', to, commit: 0, round: 1 };
}

t.test('a commit index alone goes with what is sent next', (t) => {
  const { outbox, timers, flush } = harness();
  outbox.add(commitOf('b', 7));
  outbox.add(commitOf('c', 7));
  t.same(flush(), []);
  outbox.add(heartbeatTo('b'));
  t.same(flush(), ['b: heartbeat, commit 7']);
  t.equal(timers.length, 1, 'one timer, and it is for c');
  t.end();
});

t.test('and after a moment by itself', (t) => {
  const { outbox, timers, flush, due } = harness();
  outbox.add(commitOf('b', 7));
  flush();
  t.equal(due(), 0);
  timers.pop()?.();
  t.equal(due(), 1);
  t.same(flush(), ['b: commit 7']);
  outbox.add(commitOf('b', 8));
  t.same(flush(), []);
  t.equal(timers.length, 1, 'the next one waits, too');
  t.end();
});

t.test('a timer that finds nothing asks for nothing', (t) => {
  const { outbox, timers, flush, due } = harness();
  outbox.add(commitOf('b', 7));
  flush();
  outbox.add(heartbeatTo('b'));
  flush();
  timers.pop()?.();
  t.equal(due(), 0);
  t.end();
});

t.test('a node hears at once of what it asked for, and waits for the rest', (t) => {
  const { outbox, flush } = harness();
  outbox.awaits('b', 1, 8);
  outbox.add(commitOf('b', 20, 2));
  outbox.add(commitOf('c', 8));
  t.same(flush(), [], 'another group, another node');
  outbox.add(commitOf('b', 7));
  t.same(flush(), ['b: commit 20, commit 7'], 'its own entry is not committed yet');
  outbox.add(commitOf('b', 8));
  t.same(flush(), ['b: commit 8']);
  outbox.add(commitOf('b', 9));
  t.same(flush(), [], 'it has what it asked for');
  outbox.awaits('b', 1, 12);
  outbox.lost('b');
  outbox.add(commitOf('b', 12));
  t.same(flush(), [], 'it is gone, and will ask again');
  t.end();
});

t.test('a commit index that waits makes room for the next append of its group', (t) => {
  const { outbox, timers, flush } = harness();
  outbox.add(commitOf('b', 7));
  outbox.add(commitOf('b', 5, 2));
  outbox.add(commitOf('b', 8));
  t.same(flush(), []);
  timers.pop()?.();
  t.same(flush(), ['b: commit 5, commit 8']);
  t.end();
});

t.test('stopping takes the timer back', (t) => {
  const { outbox, timers, flush } = harness();
  outbox.add(commitOf('b', 7));
  flush();
  outbox.stop();
  t.equal(timers.length, 0);
  t.end();
});
