// How long a restored or recovered cluster takes back what it lost before chains go on.

import { randomBytes } from 'node:crypto';
import { UsageError } from '@rockpool/cli';
import type { RecoveryOpening } from '@rockpool/cluster';
import { GRACE_MAX_MS } from '@rockpool/protocol';
import { asOffers } from '../directory/as-offers.ts';
import { encodeCommand } from '../directory/commands.ts';
import { DIRECTORY_RULE_VERSION } from '../directory/create-directory.ts';

const HOUR_MS = 3_600_000;
const GRACE_HOURS = '24';
const HOURS_MAX = GRACE_MAX_MS / HOUR_MS;

export const GRACE_USAGE = [
  '  --grace HOURS how long people may bring back changes that are newer; until then',
  `                new ones are refused. 0 to ${HOURS_MAX} [${GRACE_HOURS}]; 0 only if nothing is missing`,
].join('\n');

export function readGrace(text = GRACE_HOURS): number {
  const hours = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(hours <= HOURS_MAX)) throw new UsageError(`--grace takes hours, from 0 to ${HOURS_MAX}`);
  return Math.round(hours * HOUR_MS);
}

/** What every shard does first. */
export function openingOf(graceMs: number): { readonly opening?: RecoveryOpening } {
  if (graceMs === 0) return {};
  const grace = new Uint8Array(randomBytes(16));
  const command = encodeCommand({ kind: 'openGrace', grace, lengthMs: graceMs });
  const ruleVersion = DIRECTORY_RULE_VERSION;
  return { opening: { command, ruleVersion, reconsider: asOffers } };
}

export function graceWords(graceMs: number): string {
  return [
    `For ${graceMs / HOUR_MS} h from its first start, devices bring back what the cluster lacks, and new changes are refused.`,
    'Conversations and files go on. rockpool status shows how long; rockpool grace --end ends it.',
  ].join('\n');
}
