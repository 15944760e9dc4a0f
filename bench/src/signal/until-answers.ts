// A server is ready when it answers over HTTP, which every contestant does beside its WebSockets.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../harness/child.ts';

const READY_MAX_MS = 60_000;
const TRY_AGAIN_MS = 50;

/** Rejects, and stops the server, when it ends or does not get ready. */
export async function untilAnswers(
  server: Child,
  url: string,
  ready: (answer: Response) => boolean = () => true,
): Promise<void> {
  const deadlineMs = performance.now() + READY_MAX_MS;
  while (server.running && performance.now() < deadlineMs) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined && ready(answer)) return;
    await sleep(TRY_AGAIN_MS);
  }
  await server.stop();
  throw new Error(`the server does not get ready\n${server.lastWords}`);
}
