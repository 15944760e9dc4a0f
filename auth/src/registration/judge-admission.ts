// Who may open an account: the holder of the operator's first-admin link, once, and whoever holds
// the private half of an invite that still works. Admission is the cluster's policy; it travels
// beside the genesis and never enters a chain. All refusals look alike.

import { timingSafeEqual } from 'node:crypto';
import {
  accept,
  admitInput,
  type Bytes,
  equalRefs,
  findUsableInvite,
  type PoolState,
  type Ref,
  type Result,
  refuse,
  sha256Bytes,
  type UserState,
} from '@rockpool/protocol';
import type { VerifyChecks } from '../relying-party.ts';

/** The first-admin link as the meta group keeps it. */
export interface FirstAdmin {
  readonly tokenHash: Bytes;
  readonly expiry: number;
  readonly claimed?: Ref;
}

/** What admission needs to know; both reads must be linearizable or at least fresh. */
export interface AdmissionPorts {
  readonly firstAdmin: () => Promise<FirstAdmin | undefined>;
  readonly poolState: (pool: Ref) => Promise<PoolState | undefined>;
  readonly verify: VerifyChecks;
}

export interface AdmissionRequest {
  readonly realm: Bytes;
  /** The account to be, as verifyRegistration returned it. */
  readonly user: UserState;
  /** The operator's one-time token. */
  readonly token?: Bytes | undefined;
  readonly admission?: { readonly pool: Ref; readonly key: Bytes; readonly sig: Bytes } | undefined;
  readonly nowMs: number;
}

export type Admitted =
  /** The token must still be claimed in the log; that decides between two who hold it. */
  { readonly by: 'admin'; readonly tokenHash: Bytes } | { readonly by: 'pool'; readonly pool: Ref };

export async function judgeAdmission(
  ports: AdmissionPorts,
  request: AdmissionRequest,
): Promise<Result<Admitted>> {
  const admitted =
    request.token !== undefined
      ? await admittedByToken(ports, request, request.token)
      : await admittedByInvite(ports, request);
  return admitted === undefined ? refuse('AUTH_ADMISSION', 'no valid admission') : accept(admitted);
}

/** The only form in which the token is kept, logged or compared. */
export function firstAdminTokenHash(token: Bytes): Bytes {
  return sha256Bytes(token);
}

async function admittedByToken(
  ports: AdmissionPorts,
  { user, nowMs }: AdmissionRequest,
  token: Bytes,
): Promise<Admitted | undefined> {
  const first = await ports.firstAdmin();
  const tokenHash = firstAdminTokenHash(token);
  const same = timingSafeEqual(tokenHash, first?.tokenHash ?? NO_HASH);
  if (first === undefined || !same) return undefined;
  const open =
    first.claimed === undefined ? nowMs < first.expiry : equalRefs(first.claimed, user.ref);
  return open ? { by: 'admin', tokenHash } : undefined;
}

const NO_HASH = new Uint8Array(32);

async function admittedByInvite(
  ports: AdmissionPorts,
  { realm, user, admission, nowMs }: AdmissionRequest,
): Promise<Admitted | undefined> {
  if (admission === undefined) return undefined;
  const { pool, key, sig } = admission;
  const message = admitInput(realm, user.handle);
  const signed = ports.verify([{ kind: 'p256', point: key, message, signature: sig }]);
  const state = await ports.poolState(pool);
  const works = state !== undefined && findUsableInvite(state, key, nowMs).ok;
  return signed && works ? { by: 'pool', pool } : undefined;
}
