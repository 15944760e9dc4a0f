// A cable with delay and loss: the kernel's netem where it has one, else a program that carries packets between two TAP
// devices, compiled here from slow-link.c.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NetworkNamespaces } from '../network-namespaces.ts';

const execute = promisify(execFile);
const SOURCE = join(import.meta.dirname, 'slow-link.c');

/** Of one direction. */
export interface LinkQuality {
  readonly delayMs: number;
  readonly lossPercent: number;
}

type End = readonly [place: string, name: string];

export async function joinBySlowLink(
  spaces: NetworkNamespaces,
  one: End,
  other: End,
  quality: LinkQuality,
): Promise<void> {
  await spaces.cable(...one, ...other);
  const { delayMs, lossPercent } = quality;
  const netem = ['netem', 'delay', `${delayMs}ms`, 'loss', `${lossPercent}%`];
  try {
    for (const [place, name] of [one, other]) {
      await spaces.run(place, ['tc', 'qdisc', 'add', 'dev', name, 'root', ...netem]);
    }
  } catch {
    await spaces.ip(one[0], 'link', 'delete', one[1]);
    await carryBetweenTaps(spaces, one, other, quality);
  }
}

/** The program runs in a place of the lab, and so ends with it. */
async function carryBetweenTaps(
  spaces: NetworkNamespaces,
  one: End,
  other: End,
  { delayMs, lossPercent }: LinkQuality,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-slow-link-'));
  try {
    const program = join(directory, 'slow-link');
    await execute('gcc', ['-O2', '-Wall', '-o', program, SOURCE]);
    const ends = [one, other].flatMap(([place, name]) => [spaces.nameOf(place), name]);
    const numbers = [delayMs * 1_000, lossPercent * 10_000].map((number) => `${number}`);
    const link = spawn(program, [...ends, ...numbers], { stdio: ['ignore', 'pipe', 'inherit'] });
    link.unref();
    await Promise.race([
      once(link.stdout, 'data'),
      once(link, 'close').then(() => Promise.reject(new Error('the slow link ended at once'))),
    ]);
    link.stdout.destroy();
    link.removeAllListeners('close');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
