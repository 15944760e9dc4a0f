// A person for tests: passkey, devices, and a user chain that grows. Nothing here checks what it
// builds: tests forge with it, and judge with the product's verifier.

import { randomBytes } from 'node:crypto';
import {
  type Author,
  type Bytes,
  type Capability,
  DEVICE_LIFE_MAX_MS,
  type DeviceAdd,
  ENROLMENT_LIFE_MAX_MS,
  EXPIRY_MARGIN_MS,
  encodeCbor,
  encodeEnrolment,
  encodeEnvelope,
  enrolmentChallenge,
  type Head,
  judgeUser,
  type Ref,
  type Signature,
  type StoredLink,
  signInput,
  TEMPORARY_DEVICE_LIFE_MAX_MS,
  type UserState,
} from '../src/index.ts';
import { createTestDevice, type TestDevice } from './test-device.ts';
import { createTestPasskey, type TestPasskey, type TestPasskeyOptions } from './test-passkey.ts';
import { verifyChecks } from './verify-checks.ts';

export interface TestPersonOptions extends TestPasskeyOptions {
  readonly nowMs?: number;
  readonly policy?: 0 | 1;
  readonly device?: TestDevice;
}

export interface DeviceAddOptions {
  /** Who lets the device in; a TestDevice signs alone. Default: the passkey. */
  readonly by?: 'passkey' | 'passkey+device' | TestDevice;
  readonly device?: TestDevice;
  readonly capability?: Capability;
  readonly expiry?: number;
  readonly certificateExpiry?: number;
  readonly nowMs?: number;
}

export interface TestPerson {
  readonly passkey: TestPasskey;
  /** The first device. */
  readonly device: TestDevice;
  readonly salt: Bytes;
  readonly handle: Bytes;
  readonly ref: Ref;
  /** The genesis' envelope. */
  readonly genesis: Bytes;
  /** All links so far, as a server would store and send them. */
  readonly links: readonly StoredLink[];
  readonly state: UserState;
  readonly head: Head;
  /** Cites the newest link, signed for by the first device unless told. */
  author(device?: TestDevice): Author;
  /** An envelope that adds a device after the newest link. Does not append it. */
  deviceAdd(options?: DeviceAddOptions): { readonly envelope: Bytes; readonly device: TestDevice };
  /** Judges, verifies and appends; throws if the envelope is refused. */
  append(envelope: Bytes, timeMs?: number): void;
  /** The same person with the same keys, whose chain may grow otherwise from here on. */
  fork(): TestPerson;
}

/** Signs the statement's bytes (tag stmt) as this device. */
export function deviceSignature(device: TestDevice, link: Bytes): Signature {
  return { by: 'device', device: device.id, sig: device.sign(signInput('stmt', link)) };
}

export function createTestPerson(options: TestPersonOptions = {}): TestPerson {
  const { nowMs = Date.now(), policy = 0, device = createTestDevice() } = options;
  const passkey = createTestPasskey(options);
  const salt = new Uint8Array(randomBytes(16));
  const link = encodeCbor({
    v: 1,
    kind: 'user.genesis',
    salt,
    credential: passkey.credential,
    device: device.keys,
    expiry: nowMs + DEVICE_LIFE_MAX_MS - EXPIRY_MARGIN_MS,
    policy,
  });
  const genesis = encodeEnvelope({ v: 1, link, sigs: [deviceSignature(device, link)] });
  const first = judgeUser(undefined, genesis, nowMs);
  if (!first.ok) throw new Error(`${first.code}: ${first.detail}`);
  const owner = { passkey, device, salt, genesis, nowMs };
  return personWith(owner, [{ envelope: genesis, time: nowMs }], first.value.state);
}

interface Owner extends Pick<TestPerson, 'passkey' | 'device' | 'salt' | 'genesis'> {
  readonly nowMs: number;
}

function personWith(owner: Owner, before: readonly StoredLink[], at: UserState): TestPerson {
  const { passkey, device, salt, genesis, nowMs } = owner;
  const links = [...before];
  let state = at;
  return {
    passkey,
    device,
    salt,
    genesis,
    links,
    append: (envelope, timeMs = nowMs) => {
      const judged = judgeUser(state, envelope, timeMs);
      if (!judged.ok) throw new Error(`${judged.code}: ${judged.detail}`);
      if (!verifyChecks(judged.value.checks)) throw new Error('a signature does not hold');
      state = judged.value.state;
      links.push({ envelope, time: timeMs });
    },
    fork: () => personWith(owner, links, state),
    handle: at.handle,
    ref: at.ref,
    get state() {
      return state;
    },
    get head(): Head {
      return [state.seq, state.head];
    },
    author: (by = device) => ({ user: state.ref, head: [state.seq, state.head], device: by.id }),
    deviceAdd: (add = {}) => buildDeviceAdd(state, { passkey, device, nowMs }, add),
  };
}

function buildDeviceAdd(
  state: UserState,
  owner: { readonly passkey: TestPasskey; readonly device: TestDevice; readonly nowMs: number },
  options: DeviceAddOptions,
): { envelope: Bytes; device: TestDevice } {
  const { by = 'passkey', device = createTestDevice(), capability = 'full' } = options;
  const { nowMs = owner.nowMs } = options;
  const lifeMaxMs = capability === 'full' ? DEVICE_LIFE_MAX_MS : TEMPORARY_DEVICE_LIFE_MAX_MS;
  const certificate = encodeEnrolment({
    v: 1,
    kind: 'enrol',
    device: device.keys,
    capability,
    expiry: options.certificateExpiry ?? nowMs + ENROLMENT_LIFE_MAX_MS - EXPIRY_MARGIN_MS,
  });
  const challenge = enrolmentChallenge(certificate);
  const byPasskey = by === 'passkey' || by === 'passkey+device';
  const statement: DeviceAdd = {
    v: 1,
    kind: 'device.add',
    user: state.ref,
    seq: state.seq + 1,
    prev: state.head,
    time: nowMs,
    device: device.keys,
    capability,
    expiry: options.expiry ?? nowMs + lifeMaxMs - EXPIRY_MARGIN_MS,
    ...(byPasskey ? { enrol: challenge } : {}),
  };
  const link = encodeCbor(statement);
  const sigs: Signature[] = [];
  if (byPasskey) {
    const { credential, assert } = owner.passkey;
    sigs.push({
      by: 'passkey',
      credential: credential.id,
      ...assert(challenge),
      enrol: certificate,
    });
  }
  if (by === 'passkey+device') sigs.push(deviceSignature(owner.device, link));
  else if (by !== 'passkey') sigs.push(deviceSignature(by, link));
  const own = device.sign(signInput('stmt', link));
  return { envelope: encodeEnvelope({ v: 1, link, own, sigs }), device };
}
