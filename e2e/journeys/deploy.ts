import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canary, searchCanaries } from '../kit/canary.ts';
import { Deployment, otherThan } from '../kit/deployment.ts';
import {
  containersAreConfined,
  frontDoorIsSafe,
  metricsArePrivate,
  nothingWasWritten,
} from '../kit/deployment-checks.ts';
import type { Journey, Stage } from '../kit/journey.ts';
import type { Person } from '../kit/person.ts';

/** The node whose volume is lost first, and the only one that is left of the second loss. */
const [LOST, LEFT] = [3, 2];
const SEARCHED_BYTES_MIN = 50_000;
/** Where the engine puts a volume or a file into the front door's read-only container. */
const MOUNTS = ['/config', '/data', '/etc', '/etc/caddy', '/etc/caddy/Caddyfile'];

/** deploy/ brought up for real, and held to what its README says. */
export const journey: Journey = {
  name: 'deploy',
  summary: 'containers behind TLS: confined, nodes killed under a conversation, down and up again',
  lacks: () => Deployment.lacks(),
  deploy: async (stage) => {
    const { cluster } = stage;
    await stage.step('the front door has TLS, each node, and safe headers', () => {
      return frontDoorIsSafe(cluster);
    });
    await stage.step('metrics are private, STUN answers', () => metricsArePrivate(cluster));
    await stage.step('every container is confined', () => containersAreConfined(cluster));
    await tell(stage);
  },
};

async function tell(stage: Stage<Deployment>): Promise<void> {
  const { cluster } = stage;
  const pool = canary('Pool');
  const texts = {
    before: canary('before'),
    killed: canary('killed'),
    gone: canary('gone'),
    few: canary('few'),
    replaced: canary('replaced'),
  };
  const later = { alone: canary('alone'), again: canary('again') };
  const [ada, ben] = [await stage.person('ada'), await stage.person('ben')];
  const [cam, dan] = [await stage.person('cam'), await stage.person('dan')];

  await stage.step('two people meet and talk', async () => {
    await ada.createAccount(await cluster.firstAdminLink());
    await ada.createPool(pool);
    await ben.joinAsNewcomer(await ada.invite());
    await Promise.all([ada.isConnectedTo(1), ben.isConnectedTo(1)]);
    await talk(ada, [ben], texts.before);
  });
  await stage.step('kill -9 of a node’s process is told, not felt, and mended', async () => {
    const killed = otherThan(await ben.homeNode(), cluster.nodes);
    const told = ben.hearsOfServers(new RegExp(`Node ${killed} stopped, nothing to do`));
    await cluster.killNode(killed);
    await Promise.all([told, talk(ada, [ben], texts.killed)]);
    const back = ben.hearsOfServers(new RegExp(`Node ${killed} is back`));
    await Promise.all([cluster.nodeRestarted(killed), back]);
  });
  const gone = await ada.homeNode();
  await stage.step('a third person joins while a node stays down', async () => {
    await cluster.takeDown(gone);
    const words = new RegExp(`Node ${gone} stopped, nothing to do`);
    await Promise.all([ada.hearsOfServers(words), ben.hearsOfServers(words)]);
    await cam.joinAsNewcomer(await ada.invite());
    await cam.isConnectedTo(2);
    await talk(cam, [ada, ben], texts.gone);
    assert.equal((await cluster.ask({ path: `/n/${gone}/livez` })).status, 502);
  });
  await stage.step('that node comes back', async () => {
    // The note is gone after a while, so they listen before.
    const told = [ada, ben, cam].map((person) => person.hearsOfServers(/is back/));
    await Promise.all([cluster.startNode(gone), ...told]);
  });

  await stage.step('with one node of three, those who are in still find each other', async () => {
    await Promise.all([cluster.takeDown(1), cluster.takeDown(3)]);
    await ada.hearsOfServers(/Node 1, 3 stopped/);
    assert.equal((await cluster.ask({ path: '/n/2/readyz' })).status, 503);
    await Promise.all([ada, ben].map((person) => person.reload()));
    await Promise.all([ada, ben].map((person) => person.isConnectedTo(2)));
    await talk(ada, [ben, cam], texts.few);
    await Promise.all([cluster.startNode(1), cluster.startNode(3)]);
  });

  await stage.step('a volume is lost: a new node takes its place, as the README says', async () => {
    await cluster.replaceVolume(LOST);
    await meetAgain([ada, ben, cam]);
    await talk(ben, [ada, cam], texts.replaced);
  });
  const invite = await stage.step('an invite is made', () => ada.invite());
  const logs = await stage.step('nothing was written outside the volumes', async () => {
    await nothingWasWritten(cluster, MOUNTS);
    return cluster.logs();
  });
  await stage.step('docker-compose down: the conversation goes on', async () => {
    await cluster.down();
    await ada.hearsOfServers(/No server answers/);
    await talk(ben, [ada, cam], later.alone);
  });
  await stage.step('docker-compose up: data and invite are there', async () => {
    await cluster.up();
    await Promise.all([ada, ben, cam].map((person) => person.reload()));
    await dan.joinAsNewcomer(invite);
    await Promise.all([ada, ben, cam, dan].map((person) => person.seesOnline(4)));
    await Promise.all([ada, ben, cam, dan].map((person) => person.isConnectedTo(3)));
    await ada.reads(later.alone);
    await talk(dan, [ada, ben, cam], later.again);
  });
  const lost = await loseMost(stage, [ada, ben, cam, dan]);
  await stage.step('no name or message is on a server’s disk or in its log', async () => {
    const secrets = [pool, ...Object.values(texts), ...Object.values(later), ...lost];
    await holdsNoCanary(cluster, secrets, logs);
  });
}

/** More than the nodes can mend by themselves, and the README's ways out; the answer is what was said. */
async function loseMost(stage: Stage<Deployment>, people: readonly Person[]): Promise<string[]> {
  const { cluster } = stage;
  const [ada, ...others] = people;
  const texts = { restored: canary('restored'), recovered: canary('recovered') };
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-backup-'));
  await stage.step('all volumes are lost: a backup brings accounts and pool back', async () => {
    const file = join(directory, 'backup');
    await cluster.backUp(file);
    await cluster.restore(file);
    await rm(directory, { recursive: true });
    await meetAgain(people);
    await talk(ada!, others, texts.restored);
  });
  await stage.step('two volumes are lost: the third goes on, and two nodes join it', async () => {
    await cluster.recover(LEFT);
    await meetAgain(people);
    await talk(ada!, others, texts.recovered);
    await cluster.exec(`node-${LEFT}`, 'rockpool', 'grace', '--end');
    await ada!.invite();
  });
  return Object.values(texts);
}

async function meetAgain(people: readonly Person[]): Promise<void> {
  await Promise.all(people.map((person) => person.reload()));
  await Promise.all(people.map((person) => person.isConnectedTo(people.length - 1)));
}

async function talk(from: Person, to: readonly Person[], text: string): Promise<void> {
  await from.say(text);
  await Promise.all(to.map((person) => person.reads(text)));
}

async function holdsNoCanary(
  cluster: Deployment,
  secrets: readonly string[],
  earlierLogs: string,
): Promise<void> {
  const places = { 'the logs before': earlierLogs, 'the logs': await cluster.logs() };
  const finds: string[] = [];
  let onDisk = 0;
  for (const directory of await cluster.dataDirectories()) {
    const search = await searchCanaries(secrets, directory, places);
    finds.push(...search.finds);
    onDisk += search.bytesRead - places['the logs'].length - earlierLogs.length;
  }
  assert.deepEqual(finds, []);
  assert.ok(onDisk > SEARCHED_BYTES_MIN, `only ${onDisk} bytes were on disk`);
}
