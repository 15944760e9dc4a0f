// Signing in on a further device with one prompt: the passkey signs the hash of a certificate that
// this device built, and the same assertion then lets the device into the chain. Nothing a server
// says is ever signed, and the chain it shows must be the one the authenticator speaks of.

import {
  type Bytes,
  DEVICE_LIFE_MAX_MS,
  deviceId,
  ENROLMENT_LIFE_MAX_MS,
  EXPIRY_MARGIN_MS,
  encodeCbor,
  encodeEnrolment,
  encodeEnvelope,
  enrolmentChallenge,
  equalBytes,
  equalRefs,
  type Ref,
  type Refusal,
  type Result,
  refuse,
  replayUser,
  type ServerFrame,
  signInput,
  toHex,
  type UserState,
} from '@rockpool/protocol';
import { failed, failedBy, succeeded } from '../action.ts';
import { type Ask, fetchLinks } from '../chains/fetch-links.ts';
import type { Core } from '../engine/core.ts';
import type { PasskeyAssertion } from '../ports.ts';
import type { Link } from '../session/link.ts';
import type { ActionResult } from '../view.ts';

const TRIES_MAX = 3;

interface NewDevice {
  readonly keys: string;
  readonly certificate: Bytes;
  readonly device: {
    readonly sign: Bytes;
    readonly ecdh: Bytes;
    readonly kind: 'browser' | 'desktop' | 'phone' | 'anchor';
  };
}

export async function signIn(core: Core, link: Link): Promise<ActionResult> {
  const { platform, session } = core;
  const { hello } = link;
  if (hello === undefined) return failed('OFFLINE');
  const keys = `device-${toHex(platform.random.bytes(8))}`;
  const points = await platform.keys.create(keys);
  const device = { ...points, kind: platform.deviceKind };
  const certificate = encodeEnrolment({
    v: 1,
    kind: 'enrol',
    device,
    capability: 'full',
    expiry: session.nowMs() + ENROLMENT_LIFE_MAX_MS - EXPIRY_MARGIN_MS,
  });
  const assertion = await platform.passkeys.authenticate({
    rpId: hello.rpId,
    challenge: enrolmentChallenge(certificate),
  });
  if (typeof assertion === 'string') {
    await platform.keys.remove(keys);
    return failed(assertion === 'cancelled' ? 'PASSKEY_CANCELLED' : 'PASSKEY_UNAVAILABLE');
  }
  const done = await enrol(core, link, { keys, certificate, device }, assertion);
  if (done === 'offline') return failed('OFFLINE');
  if (!done.ok) {
    await platform.keys.remove(keys);
    return failedBy(done);
  }
  const { user, expiry } = done.value;
  await core.adoptAccount({
    realm: hello.realm,
    user,
    device: deviceId(points.sign),
    keys,
    expiry,
  });
  return succeeded();
}

async function enrol(
  core: Core,
  link: Link,
  added: NewDevice,
  assertion: PasskeyAssertion,
): Promise<Result<{ readonly user: Ref; readonly expiry: number }> | 'offline'> {
  const ask: Ask = async (request) => {
    const answer = await link.request(request);
    return answer === 'closed' ? 'offline' : answer;
  };
  const { credential, authData, clientData, sig, userHandle: handle } = assertion;
  if (handle.length !== 32) return refuse('CHAIN_FOREIGN', 'the passkey is of another place');
  const { certificate } = added;
  const proof = { certificate, credential, authData, clientData, sig, handle };
  let last: Refusal = refuse('CHAIN_CONFLICT', 'others were faster every time');
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const shown = await ask({ type: 'enrol', ...proof });
    if (shown === 'offline' || !shown.ok) return shown;
    const state = await readOwnChain(core, ask, shown.value, assertion);
    if (state === 'offline' || !state.ok) return state;
    const expiry = core.session.nowMs() + DEVICE_LIFE_MAX_MS - EXPIRY_MARGIN_MS;
    const envelope = await deviceAdd(core, state.value, added, assertion, expiry);
    const { ref } = state.value;
    const answer = await ask({ type: 'statement', chain: 'user', ref, envelope });
    if (answer === 'offline') return answer;
    if (answer.ok) {
      await core.chains.refreshUser(ref, ask);
      return { ok: true, value: { user: ref, expiry } };
    }
    if (answer.code !== 'CHAIN_CONFLICT') return answer;
    last = answer;
    await core.session.pause(tries);
  }
  return last;
}

/**
 * [CLI-5] The chain counts only if its genesis makes the handle that the authenticator itself
 * returned: a server's own chain that merely lists the person's credential does not.
 */
export async function readOwnChain(
  core: Pick<Core, 'platform'>,
  ask: Ask,
  shown: ServerFrame,
  assertion: Pick<PasskeyAssertion, 'userHandle' | 'credential'>,
): Promise<Result<UserState> | 'offline'> {
  if (shown.type !== 'chain' || shown.chain !== 'user') {
    return refuse('PROTOCOL_MALFORMED', 'no chain was answered');
  }
  const links = await fetchLinks(ask, 'user', shown.ref, 0, shown);
  if (links === 'offline' || !links.ok) return links;
  const replay = replayUser(links.value);
  if (!replay.ok) return replay;
  const { state, checks } = replay.value;
  const known = state.credentials.some(({ id }) => equalBytes(id, assertion.credential));
  if (!equalRefs(state.ref, shown.ref) || !known) {
    return refuse('CHAIN_FOREIGN', 'the chain does not list the passkey');
  }
  if (!equalBytes(state.handle, assertion.userHandle)) {
    return refuse('CHAIN_FOREIGN', "the chain does not make the authenticator's handle");
  }
  const { crypto } = core.platform;
  const verdicts = await Promise.all(
    checks.map((check) =>
      check.kind === 'p256'
        ? crypto.verifyP256(check.point, check.message, check.signature)
        : crypto.verifyCose(check.key, check.message, check.signature),
    ),
  );
  return verdicts.every((verdict) => verdict)
    ? { ok: true, value: state }
    : refuse('CHAIN_SIGNATURE', 'a signature of the chain does not hold');
}

async function deviceAdd(
  core: Core,
  state: UserState,
  { keys, certificate, device }: NewDevice,
  assertion: PasskeyAssertion,
  expiry: number,
): Promise<Bytes> {
  const statement = encodeCbor({
    v: 1,
    kind: 'device.add',
    user: state.ref,
    seq: state.seq + 1,
    prev: state.head,
    time: core.session.nowMs(),
    device,
    capability: 'full',
    expiry,
    enrol: enrolmentChallenge(certificate),
  });
  const own = await core.platform.keys.sign(keys, signInput('stmt', statement));
  const { credential, authData, clientData, sig } = assertion;
  const passkey = { by: 'passkey' as const, credential, authData, clientData, sig };
  return encodeEnvelope({ v: 1, link: statement, own, sigs: [{ ...passkey, enrol: certificate }] });
}
