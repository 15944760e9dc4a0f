// Links that cannot be right, over a real socket to a real node: each is refused by its code, and the chain
// that everybody reads stays as it was.

import {
  encodeCbor,
  encodeEnvelope,
  peekPoolStatement,
  peekUserStatement,
} from '@rockpool/protocol';
import { createTestPerson, createTestPool } from '@rockpool/protocol/testing';
import t from 'tap';
import { ORIGIN, TestCluster } from '../kit/test-cluster.ts';

const HERE = { origin: ORIGIN, rpId: 'localhost' };
const cluster = await TestCluster.start(1);
t.teardown(() => cluster.discard());
const anna = createTestPerson(HERE);
const pool = createTestPool(anna);
const client = await cluster.client('1');
await client.register(anna, { token: await cluster.firstAdminToken('1') });
await client.auth(anna);
await client.statement('pool', pool.ref, pool.genesis);

function opened(chain: 'user' | 'pool', bytes: Uint8Array) {
  const peeked = chain === 'user' ? peekUserStatement(bytes) : peekPoolStatement(bytes);
  if (!peeked.ok) throw new Error(peeked.detail);
  return peeked.value;
}

/** The link with something changed in its statement, and its signatures as they were. */
function changed(chain: 'user' | 'pool', bytes: Uint8Array, change: object): Uint8Array {
  const { statement, envelope } = opened(chain, bytes);
  return encodeEnvelope({ ...envelope, link: encodeCbor({ ...statement, ...change }) });
}

/** The link with the signatures of others; `own` is the one of the device that is added. */
function forged(chain: 'user' | 'pool', bytes: Uint8Array): Uint8Array {
  const { envelope } = opened(chain, bytes);
  const sig = new Uint8Array(64).fill(1);
  const sigs = envelope.sigs.map((each) => (each.by === 'passkey' ? each : { ...each, sig }));
  const own = envelope.own === undefined ? {} : { own: sig };
  return encodeEnvelope({ ...envelope, sigs, ...own });
}

const LINKS = [
  { chain: 'user', ref: anna.ref, envelope: anna.deviceAdd().envelope },
  { chain: 'pool', ref: pool.ref, envelope: pool.invite(anna).envelope },
] as const;

for (const { chain, ref, envelope } of LINKS) {
  t.test(`[CMD-3] a bad ${chain} link is refused by its code and changes nothing`, async (t) => {
    const cases: readonly (readonly [string, Uint8Array, string])[] = [
      [
        'another previous hash',
        changed(chain, envelope, { prev: new Uint8Array(32) }),
        'CHAIN_CONFLICT',
      ],
      ['a gap', changed(chain, envelope, { seq: 2 }), 'CHAIN_CONFLICT'],
      ['an unknown field', changed(chain, envelope, { more: 1 }), 'CHAIN_MALFORMED'],
      ['an unknown kind', changed(chain, envelope, { kind: 'own.all' }), 'CHAIN_UNKNOWN_KIND'],
      ['another version', changed(chain, envelope, { v: 2 }), 'CHAIN_MALFORMED'],
      ['a bad signature', forged(chain, envelope), 'CHAIN_SIGNATURE'],
      ['half of it', envelope.slice(0, envelope.length >> 1), 'CHAIN_MALFORMED'],
      ['something behind it', Uint8Array.from([...envelope, 0]), 'CHAIN_MALFORMED'],
    ];
    for (const [name, bytes, code] of cases) {
      t.match(await client.statement(chain, ref, bytes), { type: 'error', code }, name);
    }
    t.match(
      await client.fetch(chain, ref, 1),
      { type: 'chain', links: { length: 1 } },
      'unchanged',
    );
    t.match(await client.statement(chain, ref, envelope), { type: 'ok', head: [1] });
    t.match(await client.fetch(chain, ref, 1), { type: 'chain', links: { length: 2 } });
  });
}
