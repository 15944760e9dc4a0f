// A device with an account and one without, and what a test does with them until they meet.

import { type Bytes, decodeMeetingBody, type MeetingBody } from '@rockpool/protocol';
import type { ClusterSocket } from './fake-cluster.ts';
import { type TestClient, TestWorld } from './test-client.ts';

/** Somebody with an account and a pool, and a device that has none. */
export async function withAccount(world = new TestWorld()) {
  const a = world.device().open(world.adminFragment);
  await a.done(a.rockpool.createAccount());
  await a.done(a.rockpool.createPool('Harbour'));
  const n = world.device().open();
  await world.time.until('both are online', () =>
    [a, n].every(({ view }) => view.server.status === 'online'),
  );
  return { world, a, n };
}

export const stepOf = ({ view }: TestClient) => view.linking?.step;

/** The code that a new device shows. */
export async function codeOf({ world }: { world: TestWorld }, n: TestClient) {
  await world.time.until('a code is shown', () => stepOf(n) === 'waiting');
  const { linking } = n.view;
  if (linking?.step !== 'waiting') throw new Error('no code');
  return linking;
}

/** Both have come as far as the digits; the two actions go on. */
export async function comparing(place: Awaited<ReturnType<typeof withAccount>>, code?: string) {
  const { world, a, n } = place;
  const joining = n.rockpool.linkThisDevice();
  const shown = await codeOf(place, n);
  const adding = a.rockpool.addDevice(code ?? shown.code);
  await world.time.until('both compare', () =>
    [a, n].every((client) => stepOf(client) === 'comparing'),
  );
  const digits = [a, n].map(({ view }) =>
    view.linking?.step === 'comparing' ? view.linking.digits : '',
  );
  return { joining, adding, digits };
}

/** What a server in the middle passes on instead of what was said. */
export function rewriteBodies(
  world: TestWorld,
  rewrite: (body: MeetingBody, to: ClusterSocket) => Bytes,
) {
  world.cluster.tamper = (frame, to) => {
    if (frame.type !== 'passed') return frame;
    const body = decodeMeetingBody(frame.body);
    return body.ok ? { ...frame, body: rewrite(body.value, to) } : frame;
  };
}

/** A device that has been added to the account of `a`. */
export async function addedTo(
  { world, a }: { world: TestWorld; a: TestClient },
  other: TestClient,
): Promise<TestClient> {
  await world.time.until('it is online', () => other.view.server.status === 'online');
  const { joining, adding } = await comparing({ world, a, n: other });
  a.rockpool.answerDigits(true);
  other.rockpool.answerDigits(true);
  await a.done(adding);
  await other.done(joining);
  return other;
}
