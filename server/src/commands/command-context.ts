// What the commands work with: the cluster, this node's view of it, and the relying party.

import type { RelyingParty, VerifyChecks } from '@rockpool/auth';
import type { Cluster, Slot } from '@rockpool/cluster';
import { type Bytes, type Head, type Result, refuse } from '@rockpool/protocol';
import { type Command, encodeCommand } from '../directory/commands.ts';
import { decodeReply } from '../directory/replies.ts';
import type { DirectoryView } from './directory-view.ts';

export interface CommandContext {
  readonly cluster: Cluster;
  readonly view: DirectoryView;
  readonly party: RelyingParty;
  readonly realm: Bytes;
  readonly verify: VerifyChecks;
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number;
  /** How long a commit took, for metrics. */
  readonly committed: (seconds: number) => void;
}

/** Where a link came to stand. */
export interface Appended {
  readonly head?: Head;
  readonly time?: number;
}

type Unversioned<C> = C extends Command ? Omit<C, 'v'> : never;

/** Commits one command. Rejects with ClusterError; what apply refuses is a refusal. */
export async function submitCommand(
  context: CommandContext,
  slot: Slot,
  command: Unversioned<Command>,
): Promise<Result<Appended>> {
  const startedMs = performance.now();
  const { reply } = await context.cluster.submit(slot, encodeCommand(command));
  context.committed((performance.now() - startedMs) / 1000);
  const decoded = decodeReply(reply);
  if (!decoded.ok) return decoded;
  if (!decoded.value.ok) return refuse(decoded.value.code, decoded.value.detail);
  const { head, time } = decoded.value;
  return {
    ok: true,
    value: { ...(head === undefined ? {} : { head }), ...(time === undefined ? {} : { time }) },
  };
}
