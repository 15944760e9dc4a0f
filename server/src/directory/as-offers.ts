// Commands at the end of a recovered log that may never have been agreed on. A link in them may have been acknowledged, or the
// majority may have acknowledged another one in its place. So it is not appended but offered, as clients offer what was lost, and is
// chosen or not when the grace is over. An account that an invite let in is offered too, since a grace takes no new one.

import {
  type Bytes,
  peekPoolStatement,
  peekUserStatement,
  type Ref,
  type StoredLink,
  toHex,
} from '@rockpool/protocol';
import { type Command, type CommandOf, decodeCommand, encodeCommand } from './commands.ts';

interface Unconfirmed {
  readonly body: Bytes;
  readonly entryTimeMs: number;
}

/** As many, in their order. All but links stand as they are; what ends a former grace, or settles a chain in it, is refused in the new one. */
export function asOffers(commands: readonly Unconfirmed[]): readonly Bytes[] {
  const followed = new Set<string>();
  return commands.map(({ body, entryTimeMs }) => {
    const decoded = decodeCommand(body);
    const offer = decoded.ok ? offerOf(decoded.value, entryTimeMs) : undefined;
    if (offer === undefined) return body;
    // Of two in one place the first would have been appended. The other is left a link to append, which a grace refuses.
    const place = placeOf(offer);
    if (followed.has(place)) return body;
    followed.add(place);
    return encodeCommand(offer);
  });
}

type Offer = CommandOf<'collectUserLinks'> | CommandOf<'collectPoolLinks'>;

/** Undefined for all other commands, and for what would have been refused. */
function offerOf(command: Command, time: number): Offer | undefined {
  switch (command.kind) {
    case 'putUserGenesis':
      return command.admittedBy.by === 'pool'
        ? userOffer(command, { time, pool: command.admittedBy.pool })
        : undefined;
    case 'appendUserLink':
      return userOffer(command, { time });
    case 'appendPoolLink':
      return poolOffer(command, time);
    default:
      return undefined;
  }
}

function userOffer(
  { v, envelope }: CommandOf<'putUserGenesis' | 'appendUserLink'>,
  { time, ...admits }: { readonly time: number; readonly pool?: Ref },
): Offer | undefined {
  const opened = peekUserStatement(envelope);
  if (!opened.ok) return undefined;
  const { user: ref, statement } = opened.value;
  const parent = statement.kind === 'user.genesis' ? {} : { parent: statement.prev };
  const links: StoredLink[] = [{ envelope, time }];
  return { v, kind: 'collectUserLinks', ref, links, ...parent, ...admits };
}

function poolOffer(
  { v, envelope, evidence, joinBy }: CommandOf<'appendPoolLink'>,
  time: number,
): Offer | undefined {
  const opened = peekPoolStatement(envelope);
  if (!opened.ok || (joinBy !== undefined && time >= joinBy)) return undefined;
  const { pool: ref, statement } = opened.value;
  if (statement.kind === 'pool.genesis') return undefined;
  const links = [{ envelope, time }];
  return { v, kind: 'collectPoolLinks', ref, links, evidence, parent: statement.prev };
}

function placeOf({ ref: [, id], parent }: Offer): string {
  return `${toHex(id)}/${parent === undefined ? '' : toHex(parent)}`;
}
