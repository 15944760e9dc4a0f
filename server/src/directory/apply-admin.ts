// Commands on the meta group: the operator's first-admin link and who used it. Only the hash of the
// link's token is ever here.

import {
  accept,
  CLOCK_SKEW_MAX_MS,
  equalBytes,
  equalRefs,
  FIRST_ADMIN_LIFE_MS,
} from '@rockpool/protocol';
import type { CommandOf } from './commands.ts';
import { encodeEvent } from './events.ts';
import { ADMINS_KEY, FIRST_ADMIN_KEY } from './keys.ts';
import { done, type Handler, refusedAs } from './outcome.ts';
import { META_SLOT } from './ports.ts';
import { ADMINS_MAX, adminsRow, firstAdminRow } from './rows.ts';

/** The operator makes a link, or makes a new one in place of the last. */
export const setFirstAdmin: Handler<CommandOf<'setFirstAdmin'>> = {
  place: () => accept(META_SLOT),
  reads: () => [FIRST_ADMIN_KEY],
  apply(rows, { tokenHash, expiry }, { entryTimeMs }) {
    if (expiry <= entryTimeMs) return refusedAs('CHAIN_EXPIRED', 'the link has expired already');
    if (expiry > entryTimeMs + FIRST_ADMIN_LIFE_MS + CLOCK_SKEW_MAX_MS) {
      return refusedAs('CHAIN_MALFORMED', 'the link lasts too long');
    }
    const row = rows(FIRST_ADMIN_KEY);
    // Submitted again after it was used: it stays used.
    if (row && equalBytes(firstAdminRow.decode(row).tokenHash, tokenHash)) return done();
    return {
      ...done(),
      writes: [{ key: FIRST_ADMIN_KEY, value: firstAdminRow.encode({ tokenHash, expiry }) }],
    };
  },
};

/** One use, for one user; that user's retry succeeds for ever. */
export const claimAdmin: Handler<CommandOf<'claimAdmin'>> = {
  place: () => accept(META_SLOT),
  reads: () => [FIRST_ADMIN_KEY, ADMINS_KEY],
  apply(rows, { tokenHash, user }, { entryTimeMs }) {
    const row = rows(FIRST_ADMIN_KEY);
    const link = row && firstAdminRow.decode(row);
    if (link === undefined || !equalBytes(link.tokenHash, tokenHash)) {
      return refusedAs('AUTH_ADMISSION', 'no such link');
    }
    if (link.claimed !== undefined) {
      return equalRefs(link.claimed, user) ? done() : refusedAs('AUTH_ADMISSION', 'used already');
    }
    if (entryTimeMs >= link.expiry) return refusedAs('AUTH_ADMISSION', 'the link has expired');
    const adminsBefore = rows(ADMINS_KEY);
    const users = adminsBefore === undefined ? [] : adminsRow.decode(adminsBefore).users;
    if (users.length >= ADMINS_MAX) return refusedAs('CHAIN_QUOTA', 'too many administrators');
    const { expiry } = link;
    return {
      reply: { ok: true },
      writes: [
        { key: FIRST_ADMIN_KEY, value: firstAdminRow.encode({ tokenHash, expiry, claimed: user }) },
        { key: ADMINS_KEY, value: adminsRow.encode({ users: [...users, user] }) },
      ],
      events: [encodeEvent({ event: 'adminClaimed', user })],
    };
  },
};
