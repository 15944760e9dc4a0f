// Which of the STUN servers that nodes tell the native library is given.

import type { StunProbeOptions, StunProbeResult } from '@rockpool/stun';
import t from 'tap';
import { StunChoice } from '../src/adapters/stun-choice.ts';

const NEAR = 'stun:192.0.2.1:3478';
const FAR = 'stun:192.0.2.2:3478';
const SIX = 'stun:[2001:db8::1]:3478';
const URLS = [SIX, FAR, NEAR];
const RTT_MS: Readonly<Record<string, number>> = { '192.0.2.1': 5, '192.0.2.2': 80 };

/** A network in which these hosts answer. */
function choiceIn(answering: Set<string>) {
  let asked = 0;
  const probe = async ({ host }: StunProbeOptions): Promise<StunProbeResult> => {
    asked += 1;
    if (!answering.has(host)) return { ok: false, code: 'STUN_NO_ANSWER' };
    const family = host.includes(':') ? 6 : 4;
    return { ok: true, address: '203.0.113.9', family, port: 9, rttMs: RTT_MS[host] ?? 1 };
  };
  return { choice: new StunChoice(probe), asked: () => asked };
}

t.test('the quickest over IPv4; over IPv6 where nothing else answers', async (t) => {
  const answering = new Set(['192.0.2.1', '192.0.2.2', '2001:db8::1']);
  const { choice } = choiceIn(answering);
  for (const expected of [NEAR, FAR, SIX]) {
    await choice.look(URLS);
    t.same(choice.pick(URLS), [expected]);
    answering.delete([...answering][0] ?? '');
  }
});

t.test('while nobody is known to answer, each is tried in turn, and all are asked', async (t) => {
  const { choice, asked } = choiceIn(new Set());
  const picked = [1, 2, 3, 4].map(() => choice.pick([...URLS, 'stuns:no.example']));
  t.same(picked, [[SIX], [FAR], [NEAR], [SIX]]);
  t.equal(asked(), URLS.length, 'once');
  await choice.look(URLS);
  t.same(choice.pick([]), []);
  t.same(choice.pick(['stuns:no.example']), []);
});

t.test('a server that is told no more is not picked', async (t) => {
  const { choice } = choiceIn(new Set(['192.0.2.1', '192.0.2.2']));
  await choice.look(URLS);
  t.same(choice.pick([FAR]), [FAR]);
});
