import type { Cluster } from '@rockpool/cluster';
import { createTestPerson, createTestPool, verifyChecks } from '@rockpool/protocol/testing';
import t from 'tap';
import { DirectoryView } from '../src/commands/directory-view.ts';
import { type OfferFrame, offerLinks } from '../src/commands/offer-links.ts';
import { pendingAccount, poolState, userState } from '../src/directory/queries.ts';
import { NOW, RestoredCluster } from './directory/restored-cluster.ts';

/** A restored cluster, and what a node says at its door to a frame. */
function atTheDoor() {
  const directory = new RestoredCluster();
  const cluster = directory as unknown as Cluster;
  const nowMs = () => directory.timeMs;
  const context = {
    cluster,
    view: new DirectoryView(cluster, nowMs),
    party: { rpId: 'localhost', origins: [] },
    realm: new Uint8Array(32),
    verify: verifyChecks,
    nowMs,
    committed: () => {},
  };
  const offer = async (frame: Omit<OfferFrame, 'type' | 're'>): Promise<string> => {
    const taken = await offerLinks(context, { type: 'offer', re: 1, ...frame });
    return taken.ok ? 'ok' : taken.code;
  };
  return { directory, offer };
}

const person = () => createTestPerson({ nowMs: NOW });

t.test('[GW-15] whom nobody let in founds no pool that could vouch for them', async (t) => {
  const { directory, offer } = atTheDoor();
  directory.restored();
  const mallory = person();
  const pool = createTestPool(mallory, { nowMs: NOW });
  const forged = {
    chain: 'pool',
    ref: pool.ref,
    links: pool.links,
    evidence: mallory.links,
  } as const;
  t.equal(await offer(forged), 'CHAIN_UNKNOWN');
  t.equal(await poolState(directory, pool.ref), undefined);
  const account = { chain: 'user', ref: mallory.ref, links: mallory.links, evidence: [] } as const;
  t.equal(await offer({ ...account, pool: pool.ref }), 'AUTH_ADMISSION');
  t.equal(await userState(directory, mallory.ref), undefined);
});

t.test('[GW-15] an account that waits for its join founds no pool either', async (t) => {
  const { directory, offer } = atTheDoor();
  const [anna, ben] = [person(), person()];
  directory.knowsUser(anna);
  const pool = createTestPool(anna, { nowMs: NOW });
  directory.knowsPool(pool, [anna]);
  pool.admit(ben, anna);
  const own = createTestPool(ben, { nowMs: NOW });
  directory.restored();
  const evidence = [...anna.links, ...ben.links];
  const [genesis, ...links] = pool.links;
  t.ok(genesis);
  t.equal(
    await offer({ chain: 'pool', ref: pool.ref, parent: pool.ref[1], links, evidence }),
    'ok',
  );
  const account = { chain: 'user', ref: ben.ref, links: ben.links, evidence: [] } as const;
  t.equal(await offer({ ...account, pool: pool.ref }), 'ok');
  t.ok(await pendingAccount(directory, ben.ref));
  const founded = { chain: 'pool', ref: own.ref, links: own.links, evidence } as const;
  t.equal(await offer(founded), 'AUTH_ADMISSION');
  const lost = createTestPool(anna, { nowMs: NOW });
  t.equal(await offer({ chain: 'pool', ref: lost.ref, links: lost.links, evidence }), 'ok');
});

t.test('a lost pool does not begin in a slot that is not its own', async (t) => {
  const { directory } = atTheDoor();
  const anna = person();
  directory.knowsUser(anna);
  const pool = createTestPool(anna, { nowMs: NOW });
  directory.restored();
  const [slot, id] = pool.ref;
  const elsewhere = [(slot + 1) % 65_536, id] as const;
  const reply = directory.offerPool([...elsewhere], undefined, pool.links, [anna]);
  t.match(reply, { ok: false, code: 'CHAIN_MALFORMED' });
  t.equal(directory.count('p'), 0);
});
