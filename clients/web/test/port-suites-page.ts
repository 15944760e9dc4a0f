// Runs in a real browser: the contract suites over this client's own adapters, and one end of a connection
// to another platform. e2e/ serves the page and asks it.

import type { IcePaths } from '@rockpool/client-core';
import {
  blobSuite,
  Side,
  type SuiteTest,
  storeSuite,
  transportSuite,
} from '@rockpool/client-core/suites';
import { browserBlobs } from '../src/adapters/blobs.ts';
import { openDatabase } from '../src/adapters/database.ts';
import { browserPeers } from '../src/adapters/peer-connections.ts';
import { ownStore } from '../src/adapters/store.ts';

/** One assertion, or one test that threw. */
export interface Outcome {
  readonly title: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** A test runner in forty lines: tests run one after another, and what they say is kept. */
class PageTest implements SuiteTest {
  readonly outcomes: Outcome[];
  readonly #title: string;
  #last: Promise<void> = Promise.resolve();

  constructor(title: string, outcomes: Outcome[]) {
    this.#title = title;
    this.outcomes = outcomes;
  }

  test(name: string, run: (t: SuiteTest) => Promise<void>): void {
    const inner = new PageTest(name, this.outcomes);
    this.#last = this.#last.then(async () => {
      try {
        await run(inner);
        inner.#note(true, 'ended');
      } catch (error) {
        inner.#note(false, String(error));
      }
    });
  }

  ok(found: unknown, what = 'should hold'): void {
    this.#note(Boolean(found), what);
  }

  equal(found: unknown, wanted: unknown, what = ''): void {
    this.#note(Object.is(found, wanted), `${what} ${String(found)} is not ${String(wanted)}`);
  }

  same(found: unknown, wanted: unknown, what = ''): void {
    const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
    this.#note(left === right, `${what} ${left} is not ${right}`);
  }

  async done(): Promise<readonly Outcome[]> {
    await this.#last;
    return this.outcomes;
  }

  #note(ok: boolean, detail: string): void {
    this.outcomes.push({ title: this.#title, ok, detail });
  }
}

async function run(suite: 'store' | 'blobs' | 'transport'): Promise<readonly Outcome[]> {
  const t = new PageTest(suite, []);
  if (suite === 'store') storeSuite(t, openStorePlace);
  else if (suite === 'blobs') blobSuite(t, openBlobPlace);
  else transportSuite(t, { left: browserPeers, right: browserPeers });
  return t.done();
}

async function openStorePlace() {
  let database = await openDatabase();
  const own = () => ownStore(database, crypto.getRandomValues(new Uint8Array(16)));
  return {
    store: await own(),
    async reopen() {
      database.close();
      database = await openDatabase();
      return own();
    },
    close: async () => database.close(),
  };
}

async function openBlobPlace() {
  let blobs = browserBlobs();
  return {
    blobs,
    async reopen() {
      blobs.close();
      blobs = browserBlobs();
      return blobs;
    },
    close: async () => blobs.close(),
  };
}

/** The page's end of a connection to another platform: every frame that comes is sent back. */
function echo(begins: boolean, say: Side['say'], paths?: IcePaths): Side {
  const side = new Side(browserPeers, false, {}, paths);
  side.say = say;
  const answer = (line: ReturnType<Side['line']>) => {
    const { onMessage } = line.events;
    line.events.onMessage = (frame) => {
      onMessage(frame);
      line.channel?.send(frame);
    };
  };
  answer(side.line('bulk'));
  if (begins) side.create('bulk');
  return side;
}

type TurnAccess = NonNullable<IcePaths['turn']>;

/** Two ends in this page over a relay, of which one takes new credentials while they are connected. */
async function renew(first: TurnAccess, second: TurnAccess) {
  const [left, right] = [false, true].map((polite) => {
    return new Side(browserPeers, polite, {}, { stun: [], turn: first, relayOnly: true });
  }) as [Side, Side];
  const line = left.create('bulk');
  const other = right.line('bulk');
  left.meet(right);
  for (const each of [line, other]) await each.until('open', () => each.isOpen);
  const before = ufragOf(left.sdp);
  const taken = left.connection.takePaths({ stun: [], turn: second, relayOnly: true });
  left.connection.restartIce();
  while (ufragOf(left.sdp) === before || left.connection.signalingState !== 'stable')
    await aMoment();
  line.channel?.send(Uint8Array.of(1));
  await other.until('it arrives', () => other.received.length === 1);
  // Statistics follow the first bytes after a moment; the test outside has a deadline.
  while (!(await left.connection.stats()).relayed) await aMoment();
  return { taken, relayed: true, echoed: true, before, after: ufragOf(left.sdp) };
}

function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

function ufragOf(sdp = ''): string {
  return /^a=ice-ufrag:(.*)$/m.exec(sdp)?.[1] ?? '';
}

const door = { run, echo, renew };
declare global {
  interface Window {
    /** How the test outside reaches this page. */
    ports: typeof door;
  }
}
window.ports = door;
