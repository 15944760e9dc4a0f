// docs/operations.md, "Changing nodes", with real processes: nodes come, die, are replaced and leave, and people go on.

import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fromBase64url } from '@rockpool/protocol';
import {
  createTestPerson,
  createTestPool,
  type TestPerson,
  type TestPool,
} from '@rockpool/protocol/testing';
import t from 'tap';
import { askFirstAdminInvite } from '../../src/control/control-client.ts';
import type { NodeStatus } from '../../src/control/control-messages.ts';
import { NodeProcesses } from '../kit/node-processes.ts';
import { TestClient } from '../kit/test-client.ts';
import { ORIGIN } from '../kit/test-cluster.ts';

t.setTimeout(600_000);
/** Below what one device may write in a minute. */
const WRITE_EVERY_MS = 600;

const nodes = await NodeProcesses.make(5);
t.teardown(() => nodes.discard());
const anna = createTestPerson({ origin: ORIGIN, rpId: 'localhost' });
const pool = createTestPool(anna);

/** Writes link after link, each until it is acknowledged. */
class Writer {
  acknowledged = 0;
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(client: TestClient, person: TestPerson, target: TestPool) {
    this.#done = this.#write(client, person, target);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }

  async #write(client: TestClient, person: TestPerson, target: TestPool): Promise<void> {
    while (!this.#isOver) {
      const { envelope } = target.invite(person);
      while ((await client.statement('pool', target.ref, envelope)).type !== 'ok') {
        await setTimeout(WRITE_EVERY_MS);
      }
      target.append(envelope, person);
      this.acknowledged += 1;
      await setTimeout(WRITE_EVERY_MS);
    }
  }
}

function votesEverywhere({ cluster }: NodeStatus, id: string): boolean {
  return cluster.groups.every(({ members }) => members.voters.includes(id));
}

async function joinBy(token: string, name: string) {
  const address = nodes.peerAddress(name);
  const data = nodes.dataDir(name);
  return await nodes.run('join', token, '--name', name, '--peer-address', address, '--data', data);
}

async function linksAt(name: string): Promise<number> {
  const client = await TestClient.open(nodes.httpPort(name), ORIGIN);
  await client.auth(anna);
  let links = 0;
  for (;;) {
    const page = { type: 'fetch', chain: 'pool', ref: pool.ref, from: links, fresh: 1 } as const;
    const answer = await client.request(page);
    if (answer.type !== 'chain' || answer.links.length === 0) break;
    links += answer.links.length;
  }
  await client.close();
  return links;
}

let writer: Writer | undefined;

t.test('three nodes serve, and somebody writes without a pause', async (t) => {
  const list = ['1', '2', '3'].map((name) => `${name}=${nodes.peerAddress(name)}`).join(',');
  t.match(await nodes.run('init', '--data', nodes.dir, '--nodes', list), { code: 0 });
  for (const name of ['1', '2', '3']) nodes.start(name);
  for (const name of ['1', '2', '3']) await nodes.until(name, ({ ready }) => ready);
  const { link } = await askFirstAdminInvite(nodes.dataDir('1'));
  const client = await TestClient.open(nodes.httpPort('1'), ORIGIN);
  await client.register(anna, { token: fromBase64url(link.split('#admin=')[1]!)! });
  await client.auth(anna);
  t.match(await client.statement('pool', pool.ref, pool.genesis), { type: 'ok' });
  writer = new Writer(client, anna, pool);
});

t.test('a fourth machine joins by a token, once', async (t) => {
  const token = await nodes.token('1');
  const joined = await joinBy(token, '4');
  t.match(joined, {
    code: 0,
    out: /Node 4 \([0-9a-f]{32}\) is in the cluster/,
    errors: /Start it/,
  });
  nodes.start('4');
  const { cluster } = await nodes.until('4', ({ ready }) => ready);
  t.equal(cluster.peers.length, 3);
  t.match(await joinBy(token, '5'), { code: 1, errors: /JOIN_TOKEN_REFUSED: .*rockpool token/ });
  t.match(await joinBy(token.slice(1), '5'), { code: 1, errors: /JOIN_TOKEN_UNREADABLE/ });
  const again = await joinBy(await nodes.token('2'), '4');
  t.match(again, { code: 1, errors: /NODE_ALREADY_INITIALISED/ }, 'it holds a node');
});

t.test('a node that was killed, and its disk with it, is replaced', async (t) => {
  const lost = (await nodes.status('3')).cluster.self;
  await nodes.destroy('3', join(nodes.dir, 'ghost'));
  const data = nodes.dataDir('2');
  const unknown = await nodes.run('replace', '3', '5', '--data', data);
  t.match(unknown, {
    code: 1,
    errors: /^The node refused: MEMBER_UNKNOWN: .*"5" is none of 1, 2, 3, 4\. /,
  });
  t.match(await joinBy(await nodes.token('2'), '5'), { code: 0 });
  nodes.start('5');
  await nodes.until('5', ({ ready }) => ready);
  const replaced = await nodes.run('replace', '3', '5', '--data', data);
  t.match(replaced, { code: 0, out: /Node 5 stands in for node 3 \(.*\), which has left/ });
  t.match(replaced.errors, /node 3 leaves: it is still in \d+ of 17 groups/);
  const { cluster } = await nodes.status('1');
  t.notOk(cluster.peers.some(({ node }) => node.id === lost.id));
  t.notOk(cluster.groups.some(({ members }) => members.voters.includes(lost.id)));
  nodes.start('3', join(nodes.dir, 'ghost'));
  t.match(await nodes.ended('3'), { code: 1, errors: /MEMBER_HAS_LEFT/ }, 'its ghost is refused');
});

t.test('a node that runs is removed, and says so as it stops', async (t) => {
  const data = nodes.dataDir('1');
  t.match(await nodes.run('remove', '1', '--data', data), { code: 1, errors: /MEMBER_ITSELF/ });
  t.match(await nodes.run('remove', '9', '--data', data), { code: 1, errors: /MEMBER_UNKNOWN/ });
  const removed = await nodes.run('remove', '2', '--data', data);
  t.match(removed, { code: 0, out: /Node 2 \(.*\) has left the cluster/ });
  t.match(await nodes.ended('2'), { code: 1, errors: /MEMBER_HAS_LEFT/ });
  for (const name of ['4', '5']) {
    const { id } = (await nodes.status(name)).cluster.self;
    await nodes.until('1', (status) => votesEverywhere(status, id));
  }
});

t.test('nothing that was acknowledged is missing on any node that stayed', async (t) => {
  await writer!.end();
  t.ok(writer!.acknowledged > 5, `${writer!.acknowledged} were acknowledged`);
  for (const name of ['1', '4', '5']) {
    t.equal(await linksAt(name), writer!.acknowledged + 1, `node ${name}`);
  }
});
