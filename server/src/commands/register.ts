// A new account: the door's checks (passkey, genesis, admission), then the log. Admission reads are
// linearizable. The first-admin link is claimed before the account is made: of two who hold it, one
// gets an account; the same user may repeat both steps.

import { judgeAdmission, verifyRegistration } from '@rockpool/auth';
import { META } from '@rockpool/cluster';
import type { Bytes, ClientFrame, Ref, Result } from '@rockpool/protocol';
import { withCluster } from './cluster-refusal.ts';
import { type Appended, type CommandContext, submitCommand } from './command-context.ts';

export type RegisterFrame = Extract<ClientFrame, { type: 'register' }>;

/** The socket on which the ceremony ran. */
export interface CeremonySocket {
  readonly nonce: Bytes;
  readonly origin: string;
}

export function register(
  context: CommandContext,
  socket: CeremonySocket,
  frame: RegisterFrame,
): Promise<Result<Appended>> {
  return withCluster(async () => {
    const { genesis, attestation, clientData, token, admission } = frame;
    const nowMs = context.nowMs();
    const request = { genesis, attestation, clientData, ...socket, nowMs };
    const user = await verifyRegistration(context.party, context.verify, request);
    if (!user.ok) return user;
    const ports = {
      verify: context.verify,
      firstAdmin: async () => {
        await context.cluster.barrier(META);
        return context.view.firstAdmin();
      },
      poolState: async (pool: Ref) => {
        await context.cluster.barrier(pool[0]);
        return context.view.pool(pool);
      },
    };
    const asked = { realm: context.realm, user: user.value, token, admission, nowMs };
    const admitted = await judgeAdmission(ports, asked);
    if (!admitted.ok) return admitted;
    const { ref } = user.value;
    if (admitted.value.by === 'admin') {
      const { tokenHash } = admitted.value;
      const claim = { kind: 'claimAdmin', tokenHash, user: ref } as const;
      const claimed = await submitCommand(context, META, claim);
      if (!claimed.ok) return claimed;
    }
    const admittedBy =
      admitted.value.by === 'admin'
        ? ({ by: 'admin' } as const)
        : ({ by: 'pool', pool: admitted.value.pool } as const);
    const command = { kind: 'putUserGenesis', envelope: genesis, admittedBy } as const;
    return submitCommand(context, ref[0], command);
  });
}
