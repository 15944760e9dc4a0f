// What operators ask about graces: to end one early, to see between which branches nobody but a person can choose, and to
// choose.

import { type Cluster, ClusterError } from '@rockpool/cluster';
import { type Bytes, fromHex, toHex } from '@rockpool/protocol';
import type {
  BranchesAnswer,
  ControlAnswer,
  ControlRequest,
  UndecidedChain,
} from '../control/control-messages.ts';
import type { BranchesRow } from '../directory/branch-rows.ts';
import { encodeCommand } from '../directory/commands.ts';
import { decodeReply } from '../directory/replies.ts';
import { slotsOfGroups } from '../outbox/slots-of-groups.ts';
import { settling } from './create-grace-keeper.ts';
import { type CollectedChain, collectedChains, graceOf, overruledLinks } from './grace-queries.ts';

type GraceRequest = Extract<ControlRequest, { op: 'end-grace' | 'branches' | 'take-branch' }>;

/** Chains that one answer names. */
const CHAINS_TOLD_MAX = 32;
const TIPS_TOLD_MAX = 8;

export async function controlGrace(
  cluster: Cluster,
  request: GraceRequest,
): Promise<ControlAnswer> {
  try {
    switch (request.op) {
      case 'end-grace':
        return await endGraces(cluster);
      case 'branches':
        return { ok: true, value: await branchesAnswer(cluster) };
      case 'take-branch':
        return await takeBranch(cluster, request.tip);
    }
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { ok: false, code: error.code, detail: error.message };
  }
}

async function endGraces(cluster: Cluster): Promise<ControlAnswer> {
  for (const [group, slot] of slotsOfGroups(cluster)) {
    await cluster.barrier(slot);
    const grace = await graceOf(cluster, group);
    if (grace === undefined) continue;
    const refused = await submit(
      cluster,
      slot,
      encodeCommand({ kind: 'endGrace', grace: grace.id }),
    );
    if (refused !== undefined) return refused;
  }
  return { ok: true, value: {} };
}

async function branchesAnswer(cluster: Cluster): Promise<BranchesAnswer> {
  const chains = await undecidedChains(cluster);
  let [links, overruled] = [0, 0];
  for (const group of cluster.groups) {
    const found = await overruledLinks(cluster, group);
    links += found.links;
    overruled += found.chains;
  }
  return {
    undecided: chains.slice(0, CHAINS_TOLD_MAX).map(told),
    more: Math.max(0, chains.length - CHAINS_TOLD_MAX),
    overruled: { links, chains: overruled },
  };
}

async function undecidedChains(cluster: Cluster): Promise<readonly CollectedChain[]> {
  const found: CollectedChain[] = [];
  for (const group of cluster.groups) {
    for await (const chain of collectedChains(cluster, group)) {
      if (chain.branches.open !== undefined) found.push(chain);
    }
  }
  return found;
}

function told({ ref, branches }: CollectedChain): UndecidedChain {
  const tips = branches.open ?? [];
  return {
    chain: branches.chain,
    id: toHex(ref[1]),
    branches: tips.slice(0, TIPS_TOLD_MAX).map((tip) => branchTold(tip, branches)),
  };
}

function branchTold(tip: Bytes, { links }: BranchesRow): UndecidedChain['branches'][number] {
  const byHash = new Map(links.map((entry) => [toHex(entry.hash), entry]));
  const newest = byHash.get(toHex(tip));
  let count = 0;
  for (let at = newest; at !== undefined; at = byHash.get(toHex(at.prev))) count += 1;
  const [signer] = newest?.signers ?? [];
  return {
    tip: toHex(tip),
    links: count,
    newestMs: newest?.time ?? 0,
    signer: signer === undefined ? '' : toHex(signer),
  };
}

/** `word`: the beginning of the newest link's hash, as far as it takes to tell it from the others. */
async function takeBranch(cluster: Cluster, word: string): Promise<ControlAnswer> {
  const found = (await undecidedChains(cluster)).flatMap((chain) => {
    const tips = (chain.branches.open ?? []).map(toHex).filter((tip) => tip.startsWith(word));
    return tips.map((tip) => ({ chain, tip }));
  });
  const [one, ...more] = found;
  const tip = one && fromHex(one.tip);
  if (one === undefined || tip === undefined || more.length > 0 || word === '') {
    const detail = `${found.length} branches begin with "${word.slice(0, 64)}"; rockpool branches lists them`;
    return { ok: false, code: 'CHAIN_UNKNOWN', detail };
  }
  const refused = await submit(cluster, one.chain.ref[0], settling(one.chain, tip));
  return refused ?? { ok: true, value: {} };
}

/** Undefined: done. */
async function submit(
  cluster: Cluster,
  slot: number,
  command: Bytes,
): Promise<ControlAnswer | undefined> {
  const decoded = decodeReply((await cluster.submit(slot, command)).reply);
  if (!decoded.ok) return { ok: false, code: decoded.code, detail: decoded.detail };
  if (decoded.value.ok) return undefined;
  return { ok: false, code: decoded.value.code, detail: decoded.value.detail };
}
