// The directory: identities, devices and pool membership as a deterministic state machine under the
// cluster's apply contract. It verifies every statement itself, with the verifier that clients use,
// and believes nothing because a node submitted it.

import { type Result, revokedBy } from '@rockpool/protocol';
import { claimAdmin, setFirstAdmin } from './apply-admin.ts';
import { collectPoolLinks, collectUserLinks } from './apply-collect.ts';
import { beginGrace, endGrace, openGrace } from './apply-grace.ts';
import { tryMeeting } from './apply-meeting.ts';
import { appendPoolLink, outboxDone, putPoolGenesis } from './apply-pool.ts';
import { settleChain } from './apply-settle.ts';
import { appendUserLink, dropPending, memberJoined, putUserGenesis } from './apply-user.ts';
import { type Command, type CommandKind, type CommandOf, decodeCommand } from './commands.ts';
import { GRACE_KEY } from './keys.ts';
import {
  type Handler,
  type HandlerContext,
  type Outcome,
  type Rows,
  refused,
  refusedAs,
} from './outcome.ts';
import {
  type Applied,
  type Bytes,
  META_SLOT,
  type Revokes,
  type StateMachine,
  type VerifyChecks,
} from './ports.ts';
import { encodeReply } from './replies.ts';

/** Named by every entry that this version proposes. A released version's verdicts never change. */
export const DIRECTORY_RULE_VERSION = 1;

export interface DirectoryOptions {
  /** Synchronous and deterministic; replicas that disagreed here would have different rows. */
  readonly verify: VerifyChecks;
  /** Other than the protocol's in tests alone, until there are kinds that revoke. */
  readonly revokes?: Revokes;
}

type Handlers = { readonly [K in CommandKind]: Handler<CommandOf<K>> };

const HANDLERS: Handlers = {
  putUserGenesis,
  appendUserLink,
  tryMeeting,
  putPoolGenesis,
  appendPoolLink,
  memberJoined,
  outboxDone,
  dropPending,
  openGrace,
  beginGrace,
  endGrace,
  collectUserLinks,
  collectPoolLinks,
  settleChain,
  setFirstAdmin,
  claimAdmin,
};

export function createDirectory(options: DirectoryOptions): StateMachine {
  const judge = { verify: options.verify, revokes: options.revokes ?? revokedBy };
  // readSet and apply see the same array; decoding is the dearest part that they share.
  const decodedOnce = new WeakMap<Bytes, Result<Command>>();
  const decode = (bytes: Bytes): Result<Command> => {
    const known = decodedOnce.get(bytes);
    if (known !== undefined) return known;
    const decoded = decodeCommand(bytes);
    decodedOnce.set(bytes, decoded);
    return decoded;
  };
  return {
    groupKeys: [GRACE_KEY],
    readSet(slot, bytes) {
      const decoded = decode(bytes);
      if (!decoded.ok) return [];
      const handler = handlerOf(decoded.value);
      return misplaced(handler, decoded.value, slot) ? [] : handler.reads(decoded.value);
    },
    apply(rows, bytes, context): Applied {
      const { reply, writes, events } = outcomeOf(decode(bytes), rows, { ...context, ...judge });
      return { reply: encodeReply(reply), writes, events };
    },
  };
}

function outcomeOf(decoded: Result<Command>, rows: Rows, context: HandlerContext): Outcome {
  if (context.ruleVersion !== DIRECTORY_RULE_VERSION) {
    // Judging by other rules than the entry names would let replicas differ: stop instead.
    throw new Error(`entry of rule version ${context.ruleVersion}`);
  }
  if (!decoded.ok) return refused(decoded);
  const command = decoded.value;
  const handler = handlerOf(command);
  return misplaced(handler, command, context.slot) ?? handler.apply(rows, command, context);
}

function misplaced(handler: Handler<Command>, command: Command, slot: number): Outcome | undefined {
  const place = handler.place(command);
  const fits = place === undefined ? slot !== META_SLOT : place.ok && place.value === slot;
  if (fits) return undefined;
  return place?.ok === false
    ? refused(place)
    : refusedAs('CHAIN_UNKNOWN', 'the command belongs to another slot');
}

/** The table's type ties each kind to its handler; indexing by a union loses that tie. */
function handlerOf(command: Command): Handler<Command> {
  return HANDLERS[command.kind] as Handler<Command>;
}
