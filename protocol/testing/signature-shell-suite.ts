// What every signature shell must do, whatever crypto it stands on: hold for what was signed, not
// hold for anything else, and never throw.

import type { Test } from 'tap';
import {
  type Bytes,
  concatBytes,
  enrolmentChallenge,
  judgeAssertion,
  type SignatureCheck,
  utf8,
} from '../src/index.ts';
import { createTestKey } from './test-device.ts';
import { createTestPasskey, type PasskeyAlgorithm } from './test-passkey.ts';

export type SignatureShell = (checks: readonly SignatureCheck[]) => boolean | Promise<boolean>;

const PASSKEYS: ReadonlyArray<readonly [string, PasskeyAlgorithm]> = [
  ['ES256', -7],
  ['EdDSA', -8],
  ['RS256', -257],
];

export function signatureShellSuite(t: Test, verify: SignatureShell): void {
  t.test('a device signature holds, and no changed one does', async (t) => {
    await holdsAndNothingElse(t, verify, deviceCheck());
  });
  for (const [name, algorithm] of PASSKEYS) {
    t.test(`a passkey signature by ${name} holds, and no changed one does`, async (t) => {
      await holdsAndNothingElse(t, verify, passkeyCheck(algorithm));
    });
  }
  t.test('all checks must hold together, and none at all hold', async (t) => {
    const good = deviceCheck();
    const bad = { ...good, message: utf8('another') };
    t.equal(await verify([]), true);
    t.equal(await verify([good, passkeyCheck(-8), passkeyCheck(-7)]), true);
    t.equal(await verify([good, bad]), false);
    t.equal(await verify([bad, good]), false);
  });
  t.test('keys that cannot be imported do not hold, and do not throw', async (t) => {
    const check = deviceCheck();
    const offCurve = flipped(check.point, 40);
    const points = [offCurve, new Uint8Array(0), new Uint8Array(65), check.point.slice(0, 33)];
    for (const point of points) t.equal(await verify([{ ...check, point }]), false);
    const passkey = passkeyCheck(-257);
    const keys = [new Uint8Array(0), passkey.key.slice(0, 100), utf8('not a key')];
    for (const key of keys) t.equal(await verify([{ ...passkey, key }]), false);
  });
}

async function holdsAndNothingElse(
  t: Test,
  verify: SignatureShell,
  check: SignatureCheck,
): Promise<void> {
  const { message, signature } = check;
  t.equal(await verify([check]), true, 'as signed');
  const signatures = [
    flipped(signature, 0),
    flipped(signature, signature.length - 1),
    signature.slice(1),
    concatBytes(signature, Uint8Array.of(0)),
    new Uint8Array(signature.length),
    new Uint8Array(0),
  ];
  for (const changed of signatures) {
    t.equal(await verify([{ ...check, signature: changed }]), false, 'changed signature');
  }
  const messages = [flipped(message, 0), message.slice(1), new Uint8Array(0)];
  for (const changed of messages) {
    t.equal(await verify([{ ...check, message: changed }]), false, 'changed message');
  }
  const other: SignatureCheck =
    check.kind === 'p256'
      ? { ...check, point: createTestKey().point }
      : { ...check, key: passkeyCheck(-7).key };
  t.equal(await verify([other]), false, 'another key');
}

function deviceCheck(): Extract<SignatureCheck, { kind: 'p256' }> {
  const key = createTestKey();
  const message = utf8('signed by a device');
  return { kind: 'p256', point: key.point, message, signature: key.sign(message) };
}

function passkeyCheck(algorithm: PasskeyAlgorithm): Extract<SignatureCheck, { kind: 'cose' }> {
  const { credential, assert } = createTestPasskey({ algorithm });
  const challenge = enrolmentChallenge(utf8('signed by a passkey'));
  const judged = judgeAssertion(credential, challenge, assert(challenge));
  if (!judged.ok || judged.value.kind !== 'cose') throw new Error('the software passkey is broken');
  return judged.value;
}

function flipped(bytes: Bytes, at: number): Bytes {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
