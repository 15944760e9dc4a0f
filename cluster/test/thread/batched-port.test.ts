import { MessageChannel } from 'node:worker_threads';
import t, { type Test } from 'tap';
import type { Cluster, ClusterEvent } from '../../src/ports.ts';
import { BatchedPort, type PortEnd } from '../../src/thread/batched-port.ts';
import { EventFeed, type FeedPort } from '../../src/thread/event-feed.ts';
import type { FromCluster } from '../../src/thread/messages.ts';

type Message = readonly [name: string, bytes?: Uint8Array];

/** Two ends, and how often the first one posted. */
function pair(test: Test, received: (message: Message) => void) {
  const { port1, port2 } = new MessageChannel();
  test.teardown(() => port1.close());
  const posted: (readonly ArrayBuffer[])[] = [];
  const counted: PortEnd = {
    postMessage: (value, transfer) => {
      posted.push(transfer);
      port1.postMessage(value, transfer);
    },
    on: (event, listener) => port1.on(event, listener),
  };
  const handled = Promise.withResolvers<void>();
  const sender = new BatchedPort<Message, Message>(counted, {
    received: () => {},
    handled: handled.resolve,
  });
  new BatchedPort<Message, Message>(port2, { received });
  return { sender, posted, handled: handled.promise };
}

t.test('what is posted in one turn goes as one, in order, and bytes are copies', async (t) => {
  const heard: Message[] = [];
  const done = Promise.withResolvers<void>();
  const { sender, posted } = pair(t, (message) => {
    heard.push(message);
    if (heard.length === 3) done.resolve();
  });
  const shared = Buffer.from('abcdef');
  sender.post(['a', sender.copy(shared.subarray(0, 3))]);
  sender.post(['b']);
  sender.post(['c', sender.copy(shared.subarray(3))]);
  shared.fill(0);
  await done.promise;
  t.equal(posted.length, 1, 'one post');
  t.equal(posted[0]!.length, 1, 'with one buffer');
  t.same(
    heard.map(([name, bytes]) => `${name} ${Buffer.from(bytes ?? [])}`),
    ['a abc', 'b ', 'c def'],
  );
});

t.test('bytes of every size arrive whole, many small ones in few buffers', async (t) => {
  const sizes = [0, 1, 2_047, 2_048, 2_049, 65_536, 65_537, 1_000_000, ...Array(500).fill(300)];
  const heard: number[] = [];
  const done = Promise.withResolvers<void>();
  const { sender, posted } = pair(t, ([, bytes]) => {
    const isWhole = bytes!.every((byte) => byte === bytes!.length % 251);
    heard.push(isWhole ? bytes!.length : -1);
    if (heard.length === sizes.length) done.resolve();
  });
  for (const size of sizes) {
    sender.post(['bytes', sender.copy(new Uint8Array(size).fill(size % 251))]);
  }
  await done.promise;
  t.same(heard, sizes);
  t.ok(posted[0]!.length < 15, `${posted[0]!.length} buffers`);
});

t.test(
  'what waits for the other thread is known, and shrinks when that has handled it',
  async (t) => {
    const { sender, handled } = pair(t, () => {});
    const large = new Uint8Array(200_000);
    sender.post(['large', sender.copy(large)]);
    t.ok(sender.waitingBytes >= large.length);
    await handled;
    t.equal(sender.waitingBytes, 0);
  },
);

t.test('a busy thread misses events but is told of it once it has caught up', (t) => {
  const listeners: ((event: ClusterEvent) => void)[] = [];
  const messages: ((nodeId: string, message: Uint8Array) => void)[] = [];
  const cluster = {
    onEvent: (listener: (event: ClusterEvent) => void) => listeners.push(listener),
    onReplaced: () => {},
    onLeadership: () => {},
    nodes: {
      onMessage: (listener: (nodeId: string, message: Uint8Array) => void) =>
        messages.push(listener),
      onPeerChange: () => {},
      onMembersChange: () => {},
    },
  } as unknown as Cluster;
  const posted: FromCluster[] = [];
  const port = { waitingBytes: 0, copy: (bytes: Uint8Array) => bytes };
  const feedPort: FeedPort = {
    get waitingBytes() {
      return port.waitingBytes;
    },
    copy: port.copy,
    post: (message) => posted.push(message),
    postRecord: (event) => posted.push(event),
  };
  const feed = new EventFeed(cluster, feedPort);
  const event = (group: number) =>
    listeners[0]!({ group, slot: 1, index: 1, event: new Uint8Array(1) });
  event(1);
  messages[0]!('node', new Uint8Array(1));
  port.waitingBytes = 40_000_000;
  event(1);
  event(2);
  messages[0]!('node', new Uint8Array(1));
  feed.roomMade();
  t.same(
    posted.splice(0).map(([kind]) => kind),
    ['event', 'message'],
    'the rest is left out',
  );
  port.waitingBytes = 30_000_000;
  event(1);
  event(3);
  feed.roomMade();
  t.same(
    posted.splice(0).map((message) => message.slice(0, 2)),
    [['event', 3]],
    'no gap is hidden',
  );
  port.waitingBytes = 10_000_000;
  feed.roomMade();
  event(1);
  feed.roomMade();
  const rest = posted.map((message) => message.slice(0, 2));
  t.same(rest, [
    ['replaced', 1],
    ['replaced', 2],
    ['event', 1],
  ]);
  t.end();
});

t.test(
  'what is hurried goes when the callback is done, with all that was posted in it',
  async (t) => {
    const heard: string[] = [];
    const done = Promise.withResolvers<void>();
    const { sender, posted } = pair(t, ([name]) => {
      heard.push(name);
      if (heard.length === 4) done.resolve();
    });
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
    sender.post(['a']);
    sender.hurry();
    sender.hurry();
    sender.post(['b', sender.copy(new Uint8Array(3))]);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    t.same(
      [posted.length, posted[0]?.length],
      [1, 1],
      'one post with its buffer, in the same turn',
    );
    sender.post(['c']);
    await turn();
    t.equal(posted.length, 2, 'what is not hurried goes at the end of the turn');
    await turn();
    t.equal(posted.length, 2, 'and nothing is posted for nothing');
    sender.post(['d']);
    await done.promise;
    t.same(heard, ['a', 'b', 'c', 'd']);
  },
);
