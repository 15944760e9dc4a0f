// A data channel without the engine, on the same pair of platforms and used as the engine uses its own.
import { join } from 'node:path';
import { installPageEnd } from './bare-page.ts';
import { CHANNEL_USE } from './channel-use.ts';
import type { Crossing } from './crossing.ts';
import { heldCandidates } from './held-candidates.ts';
import { openMeasuredBrowser } from './measured-browser.ts';
import { type MemoryEnd, memoryCrossing } from './memory-crossing.ts';
import { startNodeMemoryEnd } from './node-memory-end.ts';

const BARE_AGENT = join(import.meta.dirname, 'bare-agent-main.ts');
/** A name that needs no server: the page behind it is made up, and counts as secure. */
const PAGE = 'http://localhost/';

/** An end of a data channel, and what it needs to meet the other one. */
export interface BareEnd extends MemoryEnd {
  offer(): Promise<string>;
  answer(offer: string): Promise<string>;
  accept(answer: string): Promise<void>;
  /** One address of the other end. */
  reach(candidate: string): Promise<void>;
  opened(): Promise<void>;
}

export async function bareCrossing(
  [from, to]: readonly [from: () => Promise<BareEnd>, to: () => Promise<BareEnd>],
  bytes: number,
): Promise<Crossing> {
  await using starting = new AsyncDisposableStack();
  const sender = await from();
  starting.defer(() => sender.stop());
  const receiver = await to();
  starting.defer(() => receiver.stop());
  const { offer, candidates } = heldCandidates(await sender.offer());
  await sender.accept(await receiver.answer(offer));
  for (const candidate of candidates) await receiver.reach(candidate);
  await Promise.all([sender.opened(), receiver.opened()]);
  const crossing = await memoryCrossing(sender, receiver, bytes);
  starting.move();
  return crossing;
}

export async function bareAgent(): Promise<BareEnd> {
  const end = await startNodeMemoryEnd(BARE_AGENT);
  return {
    ...end,
    offer: () => end.ask('offer'),
    answer: (offer) => end.ask('answer', offer),
    accept: async (answer) => void (await end.ask('accept', answer)),
    reach: async (candidate) => void (await end.ask('reach', candidate)),
    opened: async () => void (await end.ask('opened')),
  };
}

export async function bareBrowser(): Promise<BareEnd> {
  const measured = await openMeasuredBrowser();
  try {
    const page = await measured.context.newPage();
    await page.route(PAGE, (route) => route.fulfill({ contentType: 'text/html', body: '' }));
    await page.goto(PAGE);
    await page.evaluate(installPageEnd, CHANNEL_USE);
    return {
      offer: () => page.evaluate(() => pageEnd.offer()),
      answer: (offer) => page.evaluate((sdp) => pageEnd.answer(sdp), offer),
      accept: (answer) => page.evaluate((sdp) => pageEnd.accept(sdp), answer),
      reach: (candidate) => page.evaluate((line) => pageEnd.reach(line), candidate),
      opened: () => page.evaluate(() => pageEnd.opened()),
      fill: (bytes) => page.evaluate((count) => pageEnd.fill(count), bytes),
      expect: (bytes) => page.evaluate((count) => pageEnd.expect(count), bytes),
      arrived: () => page.evaluate(() => pageEnd.arrived()),
      digest: () => page.evaluate(() => pageEnd.digest()),
      cpu: () => measured.cpu(),
      stop: () => measured.close(),
    };
  } catch (error) {
    await measured.close();
    throw error;
  }
}
