import type {
  ClientView,
  Entry,
  FileEntry,
  LinkingView,
  Me,
  MemberView,
  PoolView,
} from '@rockpool/client-core';
import { NEW_DEVICE_CODE } from './fake-rockpool.ts';

const NOW_MS = Date.now();
const MINUTE_MS = 60_000;

const DAY_MS = 24 * 60 * MINUTE_MS;

const me: Me = {
  userId: 'a1',
  deviceId: 'd1',
  name: 'Calm Otter',
  hue: 172,
  hidesAddress: false,
  devices: [
    ownDevice('d1', 'browser', 40),
    ownDevice('d5', 'phone', 2),
    ownDevice('d6', 'anchor', 31),
    ownDevice('d7', 'desktop', 82),
  ],
};
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

/** Somebody else, who is there. */
const member = { ...ada, role: 'member', isMe: false, online: true } as const;

const unreachable: MemberView = {
  ...member,
  devices: [
    {
      deviceId: 'd2',
      kind: 'browser',
      isThis: false,
      path: 'unreachable',
      trouble: {
        code: 'strictRouters',
        reason: 'The routers of your two networks do not let the devices find each other.',
        help: 'It works when one of the two is on another network, such as a phone’s hotspot, or both are on the same one.',
      },
    },
  ],
};

const relayed: MemberView = {
  ...member,
  devices: [{ deviceId: 'd2', kind: 'browser', isThis: false, path: 'relayed', roundTripMs: 48 }],
};

const withoutRelay: MemberView = {
  ...member,
  devices: [
    {
      deviceId: 'd2',
      kind: 'browser',
      isThis: false,
      path: 'unreachable',
      trouble: {
        code: 'noRelay',
        reason: 'Your own device hides its address, and your server has no relay for it.',
        help: 'Ask whoever runs the server for a relay (TURN), or stop hiding the address.',
      },
    },
  ],
};

function ownDevice(deviceId: string, kind: Me['devices'][number]['kind'], daysAgo: number) {
  const addedMs = NOW_MS - daysAgo * DAY_MS;
  const isThis = deviceId === 'd1';
  const online = isThis || kind === 'anchor';
  return { deviceId, kind, isThis, addedMs, expiryMs: addedMs + 90 * DAY_MS, online };
}

let next = 0;
function at(minutesAgo: number) {
  return { id: `e${next++}`, deviceId: '', timeMs: NOW_MS - minutesAgo * MINUTE_MS };
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

const talk = entries.filter(({ kind }) => kind !== 'file');

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

const expiryMs = NOW_MS + 100_000;
const comparing = { step: 'comparing', digits: '402718', answered: false, expiryMs } as const;
const agent = { kind: 'anchor', address: '192.0.2.71', nearby: true } as const;
const rented = { ...agent, address: '2001:db8:85a3:8d3:1319:8a2e:370:7348', nearby: false };
const link = `http://localhost:8080/#link=${'pGF2AWRwb29sghk0'.repeat(5)}`;

/** What a device of the account shows while it adds another. */
function adds(linking: LinkingView): ClientView {
  return { ...home, arrival: { kind: 'newDevice' }, linking };
}
/** What the new device shows meanwhile. */
function isAdded(linking: LinkingView): ClientView {
  return { ...blank, linking };
}

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
  unreachable: {
    ...home,
    pools: [{ ...pool, members: [...members.slice(0, 1), unreachable] }],
  },
  hidden: {
    ...home,
    me: { ...me, hidesAddress: true },
    pools: [{ ...pool, entries: talk, members: [...members.slice(0, 1), relayed] }],
  },
  'hidden-no-relay': {
    ...home,
    me: {
      ...me,
      hidesAddress: true,
      cannotConnect:
        'This device hides its network address, and your server has no relay that it could use. So it cannot connect to any other device. Ask whoever runs the server for a relay (TURN), or stop hiding the address.',
    },
    pools: [{ ...pool, entries: talk, members: [...members.slice(0, 1), withoutRelay] }],
  },
  'after-restore': {
    ...home,
    server: { ...home.server, graceEndsMs: NOW_MS + DAY_MS },
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
            'Two different histories of this pool or of a member were shown. That is an attack, or servers that ' +
            'came back from an older state. Sending is paused; compare with another member before you go on, ' +
            'and ask whoever runs the servers.',
        },
      },
      second,
    ],
  },
  'join-another': {
    ...home,
    arrival: { kind: 'invite', poolId: 'p9' },
  },
  'add-scanned': { ...home, arrival: { kind: 'newDevice' } },
  'add-finding': adds({ step: 'finding' }),
  'add-comparing': adds({ ...comparing, other: agent }),
  'add-elsewhere': adds({ ...comparing, other: rented }),
  'add-answered': adds({ ...comparing, answered: true, other: agent }),
  'add-adding': adds({ step: 'adding' }),
  'device-added': {
    ...home,
    notices: [
      {
        id: 1,
        tone: 'info',
        text: 'Another of your devices is adding a new device to your account.',
      },
      { id: 2, tone: 'info', text: 'An always-on device was added to your account.' },
    ],
  },
  'sign-in-to-add': { ...blank, arrival: { kind: 'newDevice' } },
  'link-opening': isAdded({ step: 'opening' }),
  'link-waiting': isAdded({ step: 'waiting', code: NEW_DEVICE_CODE, link, expiryMs }),
  'link-comparing': isAdded(comparing),
  'link-answered': isAdded({ ...comparing, answered: true }),
  'link-adding': isAdded({ step: 'adding' }),
  long: { ...home, pools: [{ ...pool, entries: manyEntries }] },
};
