// `npm start`: a whole Rockpool on this machine, for a newcomer and for development.

import { join } from 'node:path';
import { NodeError } from '@rockpool/cluster';
import { askFirstAdminInvite, ControlError } from '../control/control-client.ts';
import { DemoProcess } from './demo-process.ts';
import { LauncherError } from './launcher-error.ts';
import { LAUNCHER_USAGE, type LauncherOptions, readLauncherOptions } from './launcher-options.ts';
import { type LocalCluster, startLocalCluster } from './local-cluster.ts';
import { NodeBoard, renderNodeLine } from './node-board.ts';
import { Wake } from './wake.ts';
import { buildWebClient } from './web-build.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const WEB_DIR = join(ROOT, 'clients', 'web', 'dist');
const ALL_READY_WAIT_MS = 10_000;
const INVITE_TRIES_MAX = 60;
const INVITE_RETRY_MS = 1000;
const SIGNAL_ECHO_MS = 1000;

const read = readLauncherOptions(process.argv.slice(2), ROOT);
if (read.kind === 'options') process.exitCode = await launch(read.options);
else if (read.kind === 'help') process.stdout.write(`${LAUNCHER_USAGE}\n`);
else {
  process.stderr.write(`${read.why}\n\n${LAUNCHER_USAGE}\n`);
  process.exitCode = 2;
}

async function launch(options: LauncherOptions): Promise<number> {
  const board = new NodeBoard({
    isTTY: process.stdout.isTTY === true,
    get columns() {
      return process.stdout.columns;
    },
    write: (text) => void process.stdout.write(text),
  });
  const stopped = stopSignal(board);
  try {
    await buildWebClient(ROOT, () => board.say('Building the web client …'));
    const wake = new Wake();
    const changed = () => wake.now();
    const cluster = await startLocalCluster({ ...options, webDir: WEB_DIR, changed });
    const demo = options.demo ? new DemoProcess() : undefined;
    await Promise.race([supervise(cluster, board, wake, demo), stopped]);
    wake.stop();
    await Promise.all([demo?.stop(), cluster.stop()]);
    board.show([]);
    board.say('Rockpool has stopped. The next start has the same data.');
    return 0;
  } catch (error) {
    const known = error instanceof LauncherError || error instanceof NodeError;
    const words = error instanceof Error ? (known ? error.message : error.stack) : String(error);
    process.stderr.write(`${words}\n`);
    return 1;
  }
}

/** Shows the nodes until it is woken for the last time. */
async function supervise(
  cluster: LocalCluster,
  board: NodeBoard,
  wake: Wake,
  demo: DemoProcess | undefined,
): Promise<void> {
  const startedMs = performance.now();
  let announced = false;
  while (!wake.stopped) {
    const lines = await cluster.lines();
    if (wake.stopped) return;
    board.show(lines.map(renderNodeLine));
    if (!announced && mayAnnounce(cluster, startedMs)) {
      announced = true;
      const unclaimed = lines.some(({ status }) => status?.unclaimed === true);
      await announce(cluster, board, unclaimed, demo);
    }
    await wake.next();
  }
}

/** All nodes, or after a while those that are there: one that cannot start must not hide the rest. */
function mayAnnounce(cluster: LocalCluster, startedMs: number): boolean {
  const ready = cluster.readyNodes();
  const patient = performance.now() - startedMs < ALL_READY_WAIT_MS;
  return patient ? ready === cluster.nodes.length : ready > 0;
}

async function announce(
  cluster: LocalCluster,
  board: NodeBoard,
  unclaimed: boolean,
  demo: DemoProcess | undefined,
): Promise<void> {
  const { origin } = cluster;
  const say = (words: string) => board.say(words);
  say(`Rockpool is ready at ${origin}`);
  if (!unclaimed) {
    demo?.start({ origin, link: undefined, say, unused: () => {} });
    return;
  }
  const link = await firstAdminLink(cluster);
  if (link === undefined) {
    say(
      'The link for the first administrator could not be made; try: npx rockpool invite --first-admin',
    );
    return;
  }
  const show = () => say(`Open this once, within the hour, to become its administrator:\n${link}`);
  if (demo === undefined) show();
  else demo.start({ origin, link, say, unused: show });
}

async function firstAdminLink(cluster: LocalCluster): Promise<string | undefined> {
  for (let tries = 0; tries < INVITE_TRIES_MAX; tries += 1) {
    const node = cluster.nodes[tries % cluster.nodes.length];
    if (node === undefined) return undefined;
    try {
      return (await askFirstAdminInvite(cluster.dataDirOf(node))).link;
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, INVITE_RETRY_MS));
    }
  }
  return undefined;
}

/** Ctrl-C and SIGTERM once; a second one gives up waiting. */
function stopSignal(board: NodeBoard): Promise<void> {
  return new Promise((resolve) => {
    let askedMs: number | undefined;
    const stop = () => {
      const nowMs = performance.now();
      if (askedMs !== undefined) {
        // A terminal and npm both pass one Ctrl-C on: an echo is not a second thought.
        if (nowMs - askedMs > SIGNAL_ECHO_MS) process.exit(1);
        return;
      }
      askedMs = nowMs;
      board.say('Stopping …');
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
