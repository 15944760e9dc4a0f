// The web client's adapters keep the contracts of the engine's ports in a real browser, and a desktop's
// peer connections understand a browser's.
import { Side, type SideSignal } from '@rockpool/client-core/suites';
import { nativePeers } from '@rockpool/desktop';
import { sdpFingerprint } from '@rockpool/protocol';
import type { Page } from 'playwright-core';
import t from 'tap';
import { openBrowser } from '../kit/browser.ts';
import { PortsPage, type SuiteOutcome } from '../kit/ports-page.ts';

/** What the page offers (clients/web/test/port-suites-page.ts). */
interface PageWindow {
  readonly ports: {
    run(suite: string): Promise<readonly SuiteOutcome[]>;
    echo(begins: boolean, say: (signal: SideSignal) => void): Side;
  };
  readonly say: (signal: SideSignal) => void;
  side: Side;
}

const FRAME_BYTES = 64 * 1024;
const FRAMES = 128;
const SUITES = ['store', 'blobs', 'transport'] as const;
const ASSERTIONS_MIN = 20;

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

/** The desktop's end, whose signals go to the page and back. */
async function desktopSide(page: Page, browserBegins: boolean) {
  const peers = nativePeers();
  const side = new Side(peers, true);
  let last: Promise<unknown> = Promise.resolve();
  side.say = (signal) => {
    last = last.then(() => page.evaluate(takeInPage, signal));
  };
  await page.exposeFunction('say', (signal: SideSignal) => side.take(signal));
  await page.evaluate((begins) => {
    const inside = window as unknown as PageWindow;
    inside.side = inside.ports.echo(begins, inside.say);
  }, browserBegins);
  return {
    side,
    async close() {
      peers.close();
      await last;
      await page.context().close();
    },
  };
}

function takeInPage(signal: SideSignal): void {
  (window as unknown as PageWindow).side.take(signal);
}

function pageSdp(): string | undefined {
  return (window as unknown as PageWindow).side.sdp;
}
