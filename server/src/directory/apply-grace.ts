// Commands about the grace of a group: opened in the log of every shard by the restore or recovery itself, begun by the
// group's first leader, ended by time or by the operator. Each names which grace it means, so that one that
// is late ends no later one.

import { equalBytes } from '@rockpool/protocol';
import type { CommandOf } from './commands.ts';
import { encodeEvent } from './events.ts';
import { type GraceRow, graceIn, graceRow, isCollecting } from './grace.ts';
import { GRACE_KEY } from './keys.ts';
import { done, type Handler, type Outcome, refusedAs } from './outcome.ts';

export const openGrace: Handler<CommandOf<'openGrace'>> = {
  place: () => undefined,
  reads: () => [GRACE_KEY],
  apply(rows, { grace: id, lengthMs }, { entryTimeMs }) {
    const former = graceIn(rows);
    // A backup made within a grace: what was lost then may still come.
    const lostFrom = isCollecting(former, entryTimeMs) ? former.lostFrom : entryTimeMs;
    return written({ id, lengthMs, lostFrom });
  },
};

export const beginGrace: Handler<CommandOf<'beginGrace'>> = {
  place: () => undefined,
  reads: () => [GRACE_KEY],
  apply(rows, { grace: id }, { entryTimeMs }) {
    const grace = graceIn(rows);
    if (grace === undefined || !equalBytes(grace.id, id)) return unknown();
    if (grace.begun !== undefined) return done();
    return written({ ...grace, begun: entryTimeMs, until: entryTimeMs + grace.lengthMs });
  },
};

export const endGrace: Handler<CommandOf<'endGrace'>> = {
  place: () => undefined,
  reads: () => [GRACE_KEY],
  apply(rows, { grace: id }, { entryTimeMs }) {
    const grace = graceIn(rows);
    if (grace === undefined || !equalBytes(grace.id, id)) return unknown();
    if (!isCollecting(grace, entryTimeMs)) return done();
    return written({ ...grace, begun: grace.begun ?? entryTimeMs, until: entryTimeMs });
  },
};

function written(grace: GraceRow): Outcome {
  return {
    reply: { ok: true },
    writes: [{ key: GRACE_KEY, value: graceRow.encode(grace) }],
    events: [encodeEvent({ event: 'graceChanged' })],
  };
}

function unknown(): Outcome {
  return refusedAs('CHAIN_LATE', 'another grace, or none');
}
