import type { ClientView, Entry, FileEntry, MemberView, PoolView } from '@rockpool/client-core';

const NOW_MS = Date.now();
const MINUTE_MS = 60_000;

const me = { userId: 'a1', deviceId: 'd1', name: 'Calm Otter', hue: 172 };
const ada = { userId: 'b2', name: 'Brave Puffin', hue: 28 };
const leo = { userId: 'c3', name: 'Quiet Heron', hue: 265 };

const blank: ClientView = {
  stage: 'signedOut',
  capabilities: { usable: true, thisDevice: true, phone: true, securityKey: true },
  arrival: { kind: 'none' },
  server: {
    status: 'online',
    node: '1',
    nodes: ['1', '2', '3'].map((name) => ({ name, up: true, justBack: false })),
    unclaimed: false,
  },
  pools: [],
  notices: [],
};

const members: readonly MemberView[] = [
  {
    ...me,
    role: 'owner',
    isMe: true,
    online: true,
    devices: [{ deviceId: 'd1', kind: 'browser', isThis: true, path: 'direct' }],
  },
  {
    ...ada,
    role: 'member',
    isMe: false,
    online: true,
    devices: [
      { deviceId: 'd2', kind: 'browser', isThis: false, path: 'direct', roundTripMs: 3 },
      { deviceId: 'd3', kind: 'phone', isThis: false, path: 'connecting' },
    ],
  },
  {
    ...leo,
    role: 'member',
    isMe: false,
    online: false,
    devices: [{ deviceId: 'd4', kind: 'desktop', isThis: false, path: 'offline' }],
  },
];

let next = 0;
function at(minutesAgo: number) {
  return { id: `e${next++}`, timeMs: NOW_MS - minutesAgo * MINUTE_MS };
}
function says(author: typeof ada, minutesAgo: number, text: string, heldByOthers = 2): Entry {
  const mine = author.userId === me.userId;
  return { ...at(minutesAgo), kind: 'text', author, mine, text, heldByOthers };
}
function file(
  author: typeof ada,
  name: string,
  size: number,
  transfer: Partial<FileEntry['transfer']>,
): FileEntry {
  return {
    ...at(3),
    kind: 'file',
    author,
    mine: author.userId === me.userId,
    heldByOthers: 1,
    name,
    size,
    mediaType: 'application/octet-stream',
    transfer: {
      state: 'complete',
      bytesHeld: size,
      bytesPerSecond: 0,
      sources: [],
      bytesThroughServer: 0,
      completeOn: 1,
      bytesSent: 0,
      ...transfer,
    },
  };
}

const entries: readonly Entry[] = [
  { ...at(1500), kind: 'joined', author: ada, mine: false, heldByOthers: 0 },
  says(ada, 1499, 'Hello! One prompt and I was in. Where do I put the pictures?'),
  says(me, 1498, 'Just drop them here.\nThey go straight to your devices.'),
  { ...at(40), kind: 'joined', author: leo, mine: false, heldByOthers: 0 },
  says(leo, 39, 'The boat leaves at nine on Saturday. Bring something warm.'),
  says(me, 12, 'Will do', 1),
  file(ada, 'harbour-film.mp4', 209_715_200, {
    state: 'receiving',
    bytesHeld: 88_000_000,
    bytesPerSecond: 11_400_000,
    secondsLeft: 11,
    sources: [ada.name],
  }),
  file(me, 'packing-list.pdf', 182_400, {
    completeOn: 2,
    bytesSent: 182_400,
    sources: [ada.name],
  }),
  file(leo, 'old-photos.zip', 1_900_000_000, { state: 'waiting', bytesHeld: 0 }),
  says(me, 0, 'This one is still only here', 0),
];

const pool: PoolView = {
  id: 'p1',
  name: 'Island weekend',
  hue: 196,
  role: 'owner',
  members,
  entries,
  unread: 0,
};
const second: PoolView = {
  ...pool,
  id: 'p2',
  name: 'Quiet Lagoon',
  hue: 48,
  entries: [says(leo, 90, 'Low tide at six')],
  unread: 3,
};

const manyEntries = Array.from({ length: 10_000 }, (_, i) =>
  says(i % 3 === 0 ? me : ada, 10_000 - i, `Message number ${i + 1} of a long conversation`),
);

const home: ClientView = { ...blank, stage: 'signedIn', me, pools: [pool, second] };

export const scenes: Readonly<Record<string, ClientView>> = {
  welcome: blank,
  unclaimed: { ...blank, server: { ...blank.server, unclaimed: true } },
  'first-admin': { ...blank, arrival: { kind: 'firstAdmin' } },
  invited: { ...blank, arrival: { kind: 'invite', poolId: 'p2' } },
  broken: {
    ...blank,
    arrival: { kind: 'broken', reason: 'The link is incomplete. Ask for it again.' },
  },
  offline: { ...blank, server: { ...blank.server, status: 'offline' } },
  blocked: {
    ...blank,
    stage: 'blocked',
    capabilities: {
      usable: false,
      thisDevice: false,
      phone: false,
      securityKey: false,
      blockedBy: {
        reason: 'This window may not store anything, so your messages could not be kept.',
        remedy: 'Open the link in a normal window instead of a private one.',
      },
    },
  },
  'no-pools': { ...home, pools: [] },
  'empty-pool': {
    ...home,
    pools: [{ ...pool, entries: [], members: members.slice(0, 1) }],
  },
  conversation: home,
  'node-stopped': {
    ...home,
    server: {
      ...home.server,
      nodes: ['1', '2', '3'].map((name) => ({ name, up: name !== '2', justBack: false })),
    },
    notices: [{ id: 1, tone: 'info', text: 'Node 2 stopped, nothing to do' }],
  },
  'servers-gone': { ...home, server: { ...home.server, status: 'offline' } },
  alarm: {
    ...home,
    pools: [
      {
        ...pool,
        alarm: {
          level: 'stop',
          message:
            'Two different histories of this pool were shown. Sending is paused; compare with another member.',
        },
      },
      second,
    ],
  },
  'join-another': {
    ...home,
    arrival: { kind: 'invite', poolId: 'p9' },
  },
  long: { ...home, pools: [{ ...pool, entries: manyEntries }] },
};
