// The web client's adapters keep the contracts of the engine's ports in a real browser, and a desktop's
// peer connections understand a browser's.
import type { IcePaths } from '@rockpool/client-core';
import { Side, type SideSignal } from '@rockpool/client-core/suites';
import { nativePeers } from '@rockpool/desktop';
import { hasTurnServer, revealedBy, TurnServer } from '@rockpool/desktop/testing';
import { sdpFingerprint } from '@rockpool/protocol';
import type { Page } from 'playwright-core';
import t from 'tap';
import { openBrowser } from '../kit/browser.ts';
import { PortsPage, type SuiteOutcome } from '../kit/ports-page.ts';

type TurnAccess = NonNullable<IcePaths['turn']>;

interface Renewed {
  readonly taken: boolean;
  readonly relayed: boolean;
  readonly echoed: boolean;
  readonly before: string;
  readonly after: string;
}

/** What the page offers (clients/web/test/port-suites-page.ts). */
interface PageWindow {
  readonly ports: {
    run(suite: string): Promise<readonly SuiteOutcome[]>;
    echo(begins: boolean, say: (signal: SideSignal) => void, paths?: IcePaths): Side;
    renew(first: TurnAccess, second: TurnAccess): Promise<Renewed>;
  };
  readonly say: (signal: SideSignal) => void;
  side: Side;
}

const FRAME_BYTES = 64 * 1024;
const FRAMES = 128;
const SUITES = ['store', 'blobs', 'transport'] as const;
const ASSERTIONS_MIN = 20;
const STATISTICS_MAX_MS = 15_000;

const ports = await PortsPage.open();
const browser = await openBrowser();
t.teardown(async () => {
  await browser.close();
  await ports.close();
});

for (const suite of SUITES) {
  t.test(`the ${suite} of a browser`, async (t) => {
    const page = await ports.visit(browser);
    const outcomes = await page.evaluate(
      (name) => (window as unknown as PageWindow).ports.run(name),
      suite,
    );
    t.ok(outcomes.length >= ASSERTIONS_MIN, `${outcomes.length} assertions`);
    t.same(
      outcomes.filter(({ ok }) => !ok),
      [],
    );
    await page.context().close();
  });
}

for (const begins of ['the browser', 'the desktop'] as const) {
  t.test(`${begins} begins, and what the desktop sends comes back from the browser`, async (t) => {
    const page = await ports.visit(browser);
    const { side, close } = await desktopSide(page, begins === 'the browser');
    const line = begins === 'the desktop' ? side.create('bulk') : side.line('bulk');
    await line.until('the channel opens', () => line.isOpen);
    const sent = Array.from({ length: FRAMES }, (_, at) => new Uint8Array(FRAME_BYTES).fill(at));
    for (const frame of sent) t.ok(line.channel?.send(frame));
    await line.until('all came back', () => line.received.length === FRAMES);
    t.ok(line.received.every((frame, at) => Buffer.compare(frame, sent[at] ?? frame) === 0));
    const live = side.connection.remoteFingerprint();
    const announced = sdpFingerprint((await page.evaluate(pageSdp)) ?? '');
    t.ok(announced.ok && live !== 'unavailable' && Buffer.compare(live, announced.value) === 0);
    await close();
  });
}

t.test('a browser that looks for a new path ends the connection for the desktop', async (t) => {
  const page = await ports.visit(browser);
  const { side, close } = await desktopSide(page, true);
  const line = side.line('bulk');
  await line.until('the channel opens', () => line.isOpen);
  await page.evaluate(() => (window as unknown as PageWindow).side.connection.restartIce());
  await side.untilBroken();
  t.equal(side.broken, 'platform');
  await close();
});

if (hasTurnServer()) {
  for (const begins of ['the browser', 'the desktop'] as const) {
    t.test(
      `[CLI-12] ${begins} begins, both hide: a relay carries it, and no address shows`,
      async (t) => {
        const turn = await TurnServer.start();
        t.teardown(() => turn.stop());
        const server = { urls: [turn.url], ...turn.credentials() };
        const page = await ports.visit(browser);
        const paths = { stun: [], turn: server, relayOnly: true };
        const { side, said, close } = await desktopSide(page, begins === 'the browser', paths);
        const line = begins === 'the desktop' ? side.create('bulk') : side.line('bulk');
        await line.until('the channel opens', () => line.isOpen);
        line.channel?.send(Uint8Array.of(1));
        await line.until('it came back', () => line.received.length === 1);
        t.equal((await side.connection.stats()).relayed, true);
        // Its statistics follow the first bytes after a moment.
        await page.waitForFunction(isRelayedInPage, undefined, { timeout: STATISTICS_MAX_MS });
        for (const text of [said.byBrowser.join('\n'), said.byDesktop.join('\n')]) {
          t.match(text, / typ relay /);
          t.same(revealedBy([text]), []);
        }
        await close();
      },
    );
  }

  t.test(
    '[CLI-12] a browser takes new credentials and a new path on an open connection',
    async (t) => {
      const turn = await TurnServer.start();
      t.teardown(() => turn.stop());
      const page = await ports.visit(browser);
      const renewed = await page.evaluate(renewInPage, [
        { urls: [turn.url], ...turn.credentials(60) },
        { urls: [turn.url], ...turn.credentials(120) },
      ] as const);
      t.match(renewed, { taken: true, relayed: true, echoed: true });
      t.not(renewed.before, renewed.after, 'another path than before');
      await page.context().close();
    },
  );
}

/** The desktop's end, whose signals go to the page and back. */
async function desktopSide(page: Page, browserBegins: boolean, paths?: IcePaths) {
  const peers = nativePeers();
  const side = new Side(peers, true, {}, paths);
  const said: { byBrowser: string[]; byDesktop: string[] } = { byBrowser: [], byDesktop: [] };
  let last: Promise<unknown> = Promise.resolve();
  side.say = (signal) => {
    said.byDesktop.push(textOf(signal));
    last = last.then(() => page.evaluate(takeInPage, signal));
  };
  await page.exposeFunction('say', (signal: SideSignal) => {
    said.byBrowser.push(textOf(signal));
    side.take(signal);
  });
  await page.evaluate(
    ([begins, allowed]) => {
      const inside = window as unknown as PageWindow;
      inside.side = inside.ports.echo(begins, inside.say, allowed);
    },
    [browserBegins, paths] as const,
  );
  return {
    side,
    said,
    async close() {
      peers.close();
      await last;
      await page.context().close();
    },
  };
}

function textOf(signal: SideSignal): string {
  return signal.type === 'candidate' ? signal.candidate : signal.sdp;
}

async function isRelayedInPage(): Promise<boolean> {
  const { relayed } = await (window as unknown as PageWindow).side.connection.stats();
  return relayed === true;
}

function renewInPage(servers: readonly [TurnAccess, TurnAccess]) {
  return (window as unknown as PageWindow).ports.renew(...servers);
}

function takeInPage(signal: SideSignal): void {
  (window as unknown as PageWindow).side.take(signal);
}

function pageSdp(): string | undefined {
  return (window as unknown as PageWindow).side.sdp;
}
