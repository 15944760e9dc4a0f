// The data directory of a node whose content is known, damaged in one place at a time: whatever the place, the
// node refuses to start with a code that an operator can look up, or it serves all that was acknowledged.
// It is the only node of its cluster, so that no other one brings back what its disk lost.

import { copyFile, link, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { ClusterNode } from '../src/node/cluster-node.ts';
import { initCluster } from '../src/node/init-cluster.ts';
import { startCluster } from '../src/node/start-cluster.ts';
import { NODE_ERRORS, NodeError } from '../src/node-error.ts';
import type { ClusterLogger } from '../src/options.ts';
import { counterMachine } from './counter-machine.ts';

const SLOT = 7;
const KEYS = 24;
/** What LevelDB writes for people, and its lock. */
const NO_DATA = /^(LOG|LOG\.old|LOCK)$/;
const LEVELDB_BLOCK_BYTES = 32_768;
const RECORD_HEADER_BYTES = 7;

export interface Damage {
  readonly file: string;
  /** In words, for a report. */
  readonly what: string;
  readonly change: (bytes: Buffer) => Uint8Array;
}

/** 'whole', a code, or in words how it went wrong. */
export type Verdict = string;

export class DamagedNode {
  readonly #root: string;
  readonly #whole: string;

  private constructor(root: string) {
    this.#root = root;
    this.#whole = join(root, 'whole');
  }

  /** Half of the rows lie in table files, half in the newest log. */
  static async make(): Promise<DamagedNode> {
    const node = new DamagedNode(await mkdtemp(join(tmpdir(), 'rockpool-damaged-')));
    const nodes = [{ name: '1', peerAddress: '127.0.0.1:1' }];
    await initCluster({ dataDirs: [node.#whole], nodes, shardGroups: 1 });
    for (const half of [0, 1]) {
      const cluster = await start(node.#whole);
      for (let at = 0; at < KEYS / 2; at += 1) {
        await cluster.submit(SLOT, Buffer.from(`k${half}-${at}`));
      }
      await cluster.stop();
    }
    return node;
  }

  remove(): Promise<void> {
    return rm(this.#root, { recursive: true, force: true });
  }

  /** The log cut after each of its records, and at every `step`th byte. */
  async cutsOfNewestLog(step: number): Promise<readonly Damage[]> {
    const file = (await this.#files()).filter((name) => name.endsWith('.log')).at(-1) ?? '';
    const bytes = await readFile(join(this.#whole, file));
    const lengths = new Set([0, bytes.length - 1, ...recordEnds(bytes)]);
    for (let length = 0; length < bytes.length; length += step) lengths.add(length);
    lengths.delete(bytes.length);
    return Array.from(lengths, (length) => {
      const change = (whole: Buffer) => whole.subarray(0, length);
      return { file, what: `cut from ${bytes.length} to ${length} bytes`, change };
    });
  }

  /** Single bits of every file with data, so many of each, evenly spread from `seed` on. */
  async flips(ofEach: number, seed: number): Promise<readonly Damage[]> {
    const damages: Damage[] = [];
    for (const file of await this.#files()) {
      const bits = 8 * (await readFile(join(this.#whole, file))).length;
      for (let count = 0; count < Math.min(bits, ofEach); count += 1) {
        const bit = (Math.floor((count * bits) / ofEach) + seed) % bits;
        const change = (bytes: Buffer) => {
          bytes[bit >> 3]! ^= 1 << (bit & 7);
          return bytes;
        };
        damages.push({ file, what: `bit ${bit & 7} of byte ${bit >> 3}`, change });
      }
    }
    return damages;
  }

  async judge({ file, change }: Damage): Promise<Verdict> {
    const copy = await mkdtemp(join(this.#root, 'copy-'));
    try {
      await this.#copyTo(copy, file);
      await writeFile(join(copy, file), change(await readFile(join(this.#whole, file))));
      return await wake(copy);
    } finally {
      await rm(copy, { recursive: true });
    }
  }

  async #files(): Promise<readonly string[]> {
    const found = await readdir(this.#whole, { recursive: true, withFileTypes: true });
    const files = found.filter((entry) => entry.isFile() && !NO_DATA.test(entry.name));
    return files
      .map(({ parentPath, name }) => join(parentPath, name).slice(this.#whole.length + 1))
      .sort();
  }

  /** Linked, since a database only ever writes files of its own: all but those that are changed in place. */
  async #copyTo(copy: string, damaged: string): Promise<void> {
    for (const file of await this.#files()) {
      if (file === damaged) continue;
      const [from, to] = [join(this.#whole, file), join(copy, file)];
      await mkdir(dirname(to), { recursive: true });
      if (basename(file) === 'last-batch') await copyFile(from, to);
      else await link(from, to);
    }
    await mkdir(dirname(join(copy, damaged)), { recursive: true });
  }
}

const silent = () => {};
const LOGGER: ClusterLogger = { debug: silent, info: silent, warn: silent, error: silent };

function start(
  dataDir: string,
  onFatal: (error: NodeError) => void = silent,
): Promise<ClusterNode> {
  return startCluster({
    dataDir,
    stateMachine: counterMachine,
    logger: LOGGER,
    listenAddress: '127.0.0.1:0',
    onFatal,
  });
}

async function wake(dataDir: string): Promise<Verdict> {
  const stopped = Promise.withResolvers<Verdict>();
  let cluster: ClusterNode;
  try {
    cluster = await start(dataDir, ({ code }) => stopped.resolve(code));
  } catch (error) {
    return refusalOf(error);
  }
  try {
    return await Promise.race([stopped.promise, serve(cluster)]);
  } catch (error) {
    return refusalOf(error);
  } finally {
    await cluster.stop();
  }
}

async function serve(cluster: ClusterNode): Promise<Verdict> {
  await cluster.barrier(SLOT);
  const rows = await cluster.scan(SLOT, { prefix: new Uint8Array(0), limit: 2 * KEYS });
  const isTrue = rows.every(
    ({ value }) => value !== null && Buffer.from(value).readUInt32BE() === 1,
  );
  return isTrue && rows.length === KEYS ? 'whole' : `serves ${rows.length} of ${KEYS} rows`;
}

function refusalOf(error: unknown): Verdict {
  if (error instanceof NodeError && error.code in NODE_ERRORS) return error.code;
  return `fails without a code: ${error}`;
}

export function isHonest(verdict: Verdict): boolean {
  return verdict === 'whole' || verdict in NODE_ERRORS;
}

/** Where the records of a LevelDB log end: blocks of 32 KiB, records of CRC u32 | length u16 | type u8 | data. */
function recordEnds(log: Buffer): number[] {
  const ends: number[] = [];
  let at = 0;
  while (at + RECORD_HEADER_BYTES <= log.length) {
    const left = LEVELDB_BLOCK_BYTES - (at % LEVELDB_BLOCK_BYTES);
    if (left < RECORD_HEADER_BYTES) {
      at += left;
      continue;
    }
    at += RECORD_HEADER_BYTES + log.readUInt16LE(at + 4);
    ends.push(at);
  }
  return ends;
}
