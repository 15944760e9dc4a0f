// A new account: this device builds everything (keys, handle, challenge, genesis) and the node only
// gives a nonce. Admission is a first-admin token or the key of an invite.

import {
  admitInput,
  type Bytes,
  DEVICE_LIFE_MAX_MS,
  deviceId,
  EXPIRY_MARGIN_MS,
  encodeCbor,
  encodeEnvelope,
  friendlyName,
  type InviteLink,
  linkHash,
  type Result,
  registrationChallenge,
  type ServerFrame,
  signInput,
  toHex,
  userHandle,
  userRef,
} from '@rockpool/protocol';
import { failed, failedBy, succeeded } from '../action.ts';
import type { Core } from '../engine/core.ts';
import type { Link } from '../session/link.ts';
import { saveProfile } from '../store/account.ts';
import type { ActionResult } from '../view.ts';

export type Admission =
  | { readonly by: 'token'; readonly token: Bytes }
  | { readonly by: 'invite'; readonly invite: InviteLink };

const REGISTER_TRIES_MAX = 3;

export async function createAccount(
  core: Core,
  link: Link,
  admission: Admission,
): Promise<ActionResult> {
  const { platform, session } = core;
  const { hello } = link;
  if (hello === undefined) return failed('OFFLINE');
  const keys = `device-${toHex(platform.random.bytes(8))}`;
  const points = await platform.keys.create(keys);
  const salt = platform.random.bytes(16);
  const handle = userHandle(points.sign, salt);
  const me = friendlyName(handle);
  const registration = await platform.passkeys.register({
    rpId: hello.rpId,
    challenge: registrationChallenge(hello.nonce, handle),
    userHandle: handle,
    userName: me.name,
  });
  if (typeof registration === 'string') {
    await platform.keys.remove(keys);
    return failed(registration === 'cancelled' ? 'PASSKEY_CANCELLED' : 'PASSKEY_UNAVAILABLE');
  }
  const expiry = session.nowMs() + DEVICE_LIFE_MAX_MS - EXPIRY_MARGIN_MS;
  const statement = encodeCbor({
    v: 1,
    kind: 'user.genesis',
    salt,
    credential: {
      id: registration.credential,
      key: registration.coseKey,
      rpId: hello.rpId,
      origins: [platform.sockets.origin],
    },
    device: { ...points, kind: platform.deviceKind },
    expiry,
    policy: 0,
  });
  const device = deviceId(points.sign);
  const sig = await platform.keys.sign(keys, signInput('stmt', statement));
  const genesis = encodeEnvelope({ v: 1, link: statement, sigs: [{ by: 'device', device, sig }] });
  const { attestation, clientData } = registration;
  const request = {
    type: 'register' as const,
    genesis,
    attestation,
    clientData,
    ...(await admissionFields(core, admission, hello.realm, handle)),
  };
  const user = userRef(handle, linkHash(statement));
  const account = { realm: hello.realm, user, device, keys, expiry };
  const answer = await register(core, link, request);
  if (answer === 'closed') {
    // The node may have died after it did what was asked; another one knows.
    if (!(await core.isKnownDevice(account))) return failed('OFFLINE');
  } else if (!answer.ok) {
    return failedBy(answer);
  }
  const time = answer !== 'closed' && 'time' in answer.value ? answer.value.time : undefined;
  const logTime = time ?? session.nowMs();
  await core.chains.accepted('user', user, { envelope: genesis, time: logTime });
  // The authenticator lists the account under the name made from its handle, so it keeps that name.
  await saveProfile(core.writer, me);
  await core.adoptAccount(account);
  return succeeded();
}

async function admissionFields(core: Core, admission: Admission, realm: Bytes, handle: Bytes) {
  if (admission.by === 'token') return { token: admission.token };
  const { pool, priv, pub } = admission.invite;
  const { crypto } = core.platform;
  const sig = await crypto.signWithInviteKey(priv, pub, admitInput(realm, handle));
  return { admission: { pool, key: pub, sig } };
}

/** The nonce belongs to this socket, so only this socket may repeat the request. */
async function register(
  core: Core,
  link: Link,
  request: Parameters<Link['request']>[0],
): Promise<Result<ServerFrame> | 'closed'> {
  let answer = await link.request(request);
  for (let tries = 1; tries < REGISTER_TRIES_MAX; tries++) {
    if (answer === 'closed' || answer.ok || !MAY_REPEAT.has(answer.code)) return answer;
    await core.session.pause(tries);
    answer = await link.request(request);
  }
  return answer;
}

const MAY_REPEAT: ReadonlySet<string> = new Set(['CLUSTER_TIMEOUT', 'CLUSTER_UNAVAILABLE']);
