// The directory's commands: a closed, versioned set. They travel in the Raft log, so their bytes are
// a stored format. A node checks what it submits, but apply trusts none of it and judges again.

import {
  array,
  BRANCH_LINKS_MAX,
  bytes,
  bytesUpTo,
  decodeCbor,
  ENVELOPE_BYTES_MAX,
  EVIDENCE_BYTES_MAX,
  encodeCbor,
  GRACE_MAX_MS,
  map,
  OFFER_LINKS_MAX,
  oneOf,
  type Result,
  refShape,
  refuse,
  type ShapeType,
  storedLinkShape,
  uint,
  union,
} from '@rockpool/protocol';
import type { Bytes } from './ports.ts';

const v = oneOf(1);
const envelope = bytesUpTo(ENVELOPE_BYTES_MAX, 1);

/** Links of one evidence list; their bytes together are limited by EVIDENCE_BYTES_MAX. */
export const EVIDENCE_LINKS_MAX = 256;
/** Largest command: an envelope, its evidence and the few bytes around them. */
export const COMMAND_BYTES_MAX = EVIDENCE_BYTES_MAX + (OFFER_LINKS_MAX + 1) * ENVELOPE_BYTES_MAX;

/** The signer's user links after the head that the pool's shard keeps for them, in order. */
const evidence = array(storedLinkShape, EVIDENCE_LINKS_MAX);

/** Links of one branch, in order, as clients keep them: with the time of their first log entry. */
const offered = array(storedLinkShape, OFFER_LINKS_MAX, 1);
const hash = bytes(32);
const grace = bytes(16);

const admittedByShape = union('by', {
  /** By the operator's first-admin link: the account is never dropped. */
  admin: map({ by: oneOf('admin') }),
  /** By an invite of this pool: the account is dropped unless a join follows within an hour. */
  pool: map({ by: oneOf('pool'), pool: refShape }),
});

export const commandShape = union('kind', {
  /** User's slot. A new account. */
  putUserGenesis: map({ v, kind: oneOf('putUserGenesis'), envelope, admittedBy: admittedByShape }),
  /** User's slot. */
  appendUserLink: map({ v, kind: oneOf('appendUserLink'), ref: refShape, envelope }),
  /** User's slot. A device of the user tries a code, to meet a new device. */
  tryMeeting: map({ v, kind: oneOf('tryMeeting'), user: refShape, device: bytes(32) }),
  /** Pool's slot. */
  putPoolGenesis: map({ v, kind: oneOf('putPoolGenesis'), envelope, evidence }),
  /** Pool's slot. */
  appendPoolLink: map(
    { v, kind: oneOf('appendPoolLink'), ref: refShape, envelope, evidence },
    /** Log time from which the link is refused: its author's account may be dropped after that. */
    { joinBy: uint() },
  ),
  /** User's slot, from a pool's outbox: the user is a member now. */
  memberJoined: map({ v, kind: oneOf('memberJoined'), user: refShape, pool: refShape }),
  /** Pool's slot: the outbox row has been delivered. */
  outboxDone: map({ v, kind: oneOf('outboxDone'), id: bytes(32) }),
  /** User's slot: drops an account that was admitted by an invite and never joined. */
  dropPending: map({ v, kind: oneOf('dropPending'), user: refShape }),
  /** Any slot of a group, first of all after a restore or recovery: until the grace ends, its chains only collect. */
  openGrace: map({ v, kind: oneOf('openGrace'), grace, lengthMs: uint(GRACE_MAX_MS) }),
  /** Any slot of the group: its leader is there, so the time runs. */
  beginGrace: map({ v, kind: oneOf('beginGrace'), grace }),
  /** Any slot of the group, by the operator: the grace ends now. */
  endGrace: map({ v, kind: oneOf('endGrace'), grace }),
  /** User's slot: links that the nodes lost, after the link `parent`; without it, from the genesis on. */
  collectUserLinks: map(
    { v, kind: oneOf('collectUserLinks'), ref: refShape, links: offered },
    /** `pool`: whose invite admits an account that was lost as a whole. */
    { parent: hash, pool: refShape },
  ),
  /** Pool's slot: the same of a pool's chain. */
  collectPoolLinks: map(
    { v, kind: oneOf('collectPoolLinks'), ref: refShape, links: offered, evidence },
    { parent: hash },
  ),
  /** User's or pool's slot: the grace is over. All that was collected of the chain is named. */
  settleChain: map(
    {
      v,
      kind: oneOf('settleChain'),
      chain: oneOf('user', 'pool'),
      ref: refShape,
      links: array(hash, BRANCH_LINKS_MAX, 1),
      /** Those of them that no other one follows. */
      tips: array(hash, BRANCH_LINKS_MAX, 1),
    },
    /** The newest link of the branch that a person takes where the rule chooses none. */
    { tip: hash },
  ),
  /** META: the operator's one-time link is (re)placed. The token itself is never in the log. */
  setFirstAdmin: map({ v, kind: oneOf('setFirstAdmin'), tokenHash: bytes(32), expiry: uint() }),
  /** META: the link is used by this user. */
  claimAdmin: map({ v, kind: oneOf('claimAdmin'), tokenHash: bytes(32), user: refShape }),
});
export type Command = ShapeType<typeof commandShape>;
export type CommandKind = Command['kind'];
export type CommandOf<K extends CommandKind> = Extract<Command, { kind: K }>;

type Unversioned<C> = C extends Command ? Omit<C, 'v'> : never;

/** The command's bytes for `cluster.submit`. */
export function encodeCommand(command: Unversioned<Command>): Bytes {
  return encodeCbor({ v: 1, ...command });
}

/** Never throws. */
export function decodeCommand(command: Bytes): Result<Command> {
  const decoded = decodeCbor(command, commandShape, COMMAND_BYTES_MAX);
  if (!decoded.ok || !('evidence' in decoded.value)) return decoded;
  let evidenceBytes = 0;
  for (const link of decoded.value.evidence) evidenceBytes += link.envelope.length;
  return evidenceBytes <= EVIDENCE_BYTES_MAX
    ? decoded
    : refuse('PROTOCOL_TOO_LARGE', `${evidenceBytes} bytes of evidence`);
}
