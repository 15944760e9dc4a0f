// Judging the links of a user's chain: who a person's devices and passkeys are. Pure: the same state,
// bytes and log time give the same verdict on every node and in every client.

import { type Bytes, equalBytes } from '../encoding/bytes.ts';
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts';
import { signInput } from '../encoding/hash.ts';
import { accept, type Refusal, type Result, refuse } from '../encoding/result.ts';
import {
  DEVICE_LIFE_MAX_MS,
  ENROLMENT_BYTES_MAX,
  ENROLMENT_LIFE_MAX_MS,
  TEMPORARY_DEVICE_LIFE_MAX_MS,
  USER_DEVICES_MAX,
} from '../limits.ts';
import { wrongCredential } from './credential.ts';
import { type OpenUserEnvelope, peekUserStatement } from './envelope.ts';
import { deviceId, userHandle } from './ids.ts';
import type { Judged, SignatureCheck } from './judged.ts';
import { isP256Point } from './p256-point.ts';
import { enrolmentChallenge, judgeAssertion } from './passkey-assertion.ts';
import {
  findDevice,
  firstPosition,
  nextPosition,
  signedBy,
  signingDevice,
  wrongExpiry,
} from './position.ts';
import type { DeviceEntry, UserState } from './state-rows.ts';
import {
  type DeviceAdd,
  type DeviceKeys,
  enrolmentShape,
  type PasskeySignature,
  type UserGenesis,
  type UserStatement,
} from './statements.ts';

export type JudgedUser = Judged<UserState, UserStatement>;

/**
 * May this envelope be the next link of the user's chain (the first, where state is undefined)?
 * If all the returned checks hold: yes, and the returned state is what follows. Never throws.
 */
export function judgeUser(
  state: UserState | undefined,
  envelopeBytes: Bytes,
  logTimeMs: number,
): Result<JudgedUser> {
  const opened = peekUserStatement(envelopeBytes);
  if (!opened.ok) return opened;
  const { statement } = opened.value;
  if (statement.kind === 'user.genesis') {
    return state === undefined
      ? judgeGenesis(opened.value, statement, logTimeMs)
      : refuse('CHAIN_CONFLICT', 'the chain has begun already');
  }
  if (state === undefined) return refuse('CHAIN_UNKNOWN', 'no such user');
  return judgeDeviceAdd(state, opened.value, statement, logTimeMs);
}

function judgeGenesis(
  opened: OpenUserEnvelope,
  statement: UserGenesis,
  logTimeMs: number,
): Result<JudgedUser> {
  const { envelope, hash, user } = opened;
  const { credential, device, expiry, policy, salt, recovery } = statement;
  const wrong = wrongKeys(device) ?? wrongCredential(credential);
  if (wrong !== undefined) return refuse('CHAIN_MALFORMED', wrong);
  const lifeless = wrongExpiry('device', expiry, logTimeMs, DEVICE_LIFE_MAX_MS);
  if (lifeless !== undefined) return lifeless;
  const id = deviceId(device.sign);
  const [signature] = envelope.sigs;
  if (
    envelope.own !== undefined ||
    !signedBy(envelope.sigs, 'device') ||
    signature?.by !== 'device' ||
    !equalBytes(signature.device, id)
  ) {
    return refuse('CHAIN_AUTHORITY', 'a genesis is signed by its own device alone');
  }
  const message = signInput('stmt', envelope.link);
  const checks = [deviceCheck(device, message, signature.sig)];
  const first: DeviceEntry = { id, keys: device, capability: 'full', expiry, addedSeq: 0 };
  const state: UserState = {
    ...firstPosition(user, opened, logTimeMs),
    handle: userHandle(device.sign, salt),
    policy,
    credentials: [credential],
    devices: [first],
    ...(recovery === undefined ? {} : { recovery }),
  };
  return accept({ state, statement, seq: 0, hash, checks });
}

function judgeDeviceAdd(
  state: UserState,
  opened: OpenUserEnvelope,
  statement: DeviceAdd,
  logTimeMs: number,
): Result<JudgedUser> {
  const link = { ref: statement.user, seq: statement.seq, prev: statement.prev };
  const position = nextPosition(state, opened, link, logTimeMs);
  if (!position.ok) return position;
  const nowMs = position.value.timeMs;
  const id = deviceId(statement.device.sign);
  const unfit = wrongNewDevice(state, statement, id, nowMs);
  if (unfit !== undefined) return unfit;
  const { own, link: linkBytes } = opened.envelope;
  if (own === undefined) return refuse('CHAIN_MALFORMED', 'the new device has not signed');
  const authority = judgeAuthority(state, opened, statement, nowMs);
  if (!authority.ok) return authority;
  const message = signInput('stmt', linkBytes);
  const checks = [deviceCheck(statement.device, message, own), ...authority.value];
  const { device: keys, capability, expiry, seq } = statement;
  const device: DeviceEntry = { id, keys, capability, expiry, addedSeq: seq };
  const next = { ...state, ...position.value, devices: [...state.devices, device] };
  return accept({ state: next, statement, seq, hash: opened.hash, checks });
}

function wrongNewDevice(
  state: UserState,
  statement: DeviceAdd,
  id: Bytes,
  nowMs: number,
): Refusal | undefined {
  const wrong = wrongKeys(statement.device);
  if (wrong !== undefined) return refuse('CHAIN_MALFORMED', wrong);
  if (findDevice(state, id) !== undefined) {
    return refuse('CHAIN_USED', 'a device is added once and never returns');
  }
  const counted = state.devices.filter(
    (device) => device.capability === 'full' || device.expiry > nowMs,
  );
  if (counted.length >= USER_DEVICES_MAX) return refuse('CHAIN_QUOTA', 'too many devices');
  const lifeMaxMs =
    statement.capability === 'full' ? DEVICE_LIFE_MAX_MS : TEMPORARY_DEVICE_LIFE_MAX_MS;
  return wrongExpiry('device', statement.expiry, nowMs, lifeMaxMs);
}

/** A passkey or a full device; under policy 1 both, passkey first. */
function judgeAuthority(
  state: UserState,
  opened: OpenUserEnvelope,
  statement: DeviceAdd,
  nowMs: number,
): Result<readonly SignatureCheck[]> {
  const { sigs, link } = opened.envelope;
  const allowed =
    state.policy === 1
      ? signedBy(sigs, 'passkey', 'device')
      : signedBy(sigs, 'passkey') || signedBy(sigs, 'device');
  if (!allowed) return refuse('CHAIN_AUTHORITY', 'not signed by those who may add a device');
  if (sigs[0]?.by === 'device' && statement.enrol !== undefined) {
    return refuse('CHAIN_MALFORMED', 'names a certificate without a passkey');
  }
  const checks: SignatureCheck[] = [];
  for (const signature of sigs) {
    if (signature.by === 'passkey') {
      const judged = judgeEnrolment(state, statement, signature, nowMs);
      if (!judged.ok) return judged;
      checks.push(judged.value);
    } else if (signature.by === 'device') {
      const signer = signingDevice(state, signature.device, nowMs);
      if (!signer.ok) return signer;
      checks.push(deviceCheck(signer.value.keys, signInput('stmt', link), signature.sig));
    }
  }
  return accept(checks);
}

/** The assertion must be over a certificate for exactly the device that the link adds. */
function judgeEnrolment(
  state: UserState,
  statement: DeviceAdd,
  signature: PasskeySignature,
  nowMs: number,
): Result<SignatureCheck> {
  const { enrol: certificateBytes } = signature;
  if (certificateBytes === undefined || statement.enrol === undefined) {
    return refuse('CHAIN_MALFORMED', 'a passkey signs an enrolment certificate');
  }
  const decoded = decodeCbor(certificateBytes, enrolmentShape, ENROLMENT_BYTES_MAX);
  if (!decoded.ok) return refuse('CHAIN_MALFORMED', decoded.detail);
  const certificate = decoded.value;
  const challenge = enrolmentChallenge(certificateBytes);
  const sameDevice = equalBytes(encodeCbor(certificate.device), encodeCbor(statement.device));
  if (
    !equalBytes(challenge, statement.enrol) ||
    !sameDevice ||
    certificate.capability !== statement.capability
  ) {
    return refuse('CHAIN_AUTHORITY', 'the certificate is for another device');
  }
  const late = wrongExpiry('certificate', certificate.expiry, nowMs, ENROLMENT_LIFE_MAX_MS);
  if (late !== undefined) return late;
  const credential = state.credentials.find(({ id }) => equalBytes(id, signature.credential));
  if (credential === undefined) return refuse('CHAIN_AUTHORITY', 'signed by an unknown passkey');
  return judgeAssertion(credential, challenge, signature);
}

function wrongKeys(keys: DeviceKeys): string | undefined {
  return isP256Point(keys.sign) && isP256Point(keys.ecdh)
    ? undefined
    : 'a device key is not a P-256 point';
}

function deviceCheck(keys: DeviceKeys, message: Bytes, signature: Bytes): SignatureCheck {
  return { kind: 'p256', point: keys.sign, message, signature };
}
