// The tables that documents are generated from, gathered from the places that raise the failures.
import { CLIENT_ERRORS } from '../clients/core/src/client-errors.ts';
import { AGENT_ERRORS } from '../clients/desktop/src/agent-errors.ts';
import { NODE_ERRORS } from '../cluster/src/node-error.ts';
import { ERRORS } from '../protocol/src/errors.ts';
import * as LIMITS from '../protocol/src/limits.ts';
import { OPERATOR_ERRORS } from '../server/src/operator-errors.ts';
import { STUN_ERRORS } from '../stun/src/stun-error.ts';
import type { ErrorTables } from './rules/error-table.ts';
import type { LimitValues } from './rules/limit-table.ts';

/** Everything that docs/errors.md explains. */
export const ERROR_TABLES: ErrorTables = {
  coded: { path: 'protocol/src/errors.ts', errors: ERRORS },
  plain: [
    {
      path: 'clients/core/src/client-errors.ts',
      title: 'In the client alone',
      about: 'What only the browser can know. These never travel.',
      errors: CLIENT_ERRORS,
    },
    {
      path: 'clients/desktop/src/agent-errors.ts',
      title: 'The desktop agent',
      about: 'Printed by the agent of a desktop. These never travel.',
      errors: AGENT_ERRORS,
    },
    {
      path: 'cluster/src/node-error.ts',
      title: 'A node that does not start, or stops',
      about:
        'Printed by `rockpool node`, and in its log. The peer codes also mark connections that are refused.',
      errors: NODE_ERRORS,
    },
    {
      path: 'stun/src/stun-error.ts',
      title: 'STUN',
      about: 'Printed by `rockpool node` and `rockpool stun`.',
      errors: STUN_ERRORS,
    },
    {
      path: 'server/src/operator-errors.ts',
      title: 'npm start and the rockpool command',
      about:
        'The printed words name the port or directory; the code stands behind them. Exit codes: 0 done, 1 failed, 2 used wrongly.',
      errors: OPERATOR_ERRORS,
    },
  ],
};

/** Everything that docs/limits.md lists. */
export const LIMIT_TABLE: LimitValues = LIMITS;
