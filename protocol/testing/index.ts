// Software people with real keys, for the tests of every package. Needs Node.

export { replayPool } from './replay-pool.ts';
export { type SignatureShell, signatureShellSuite } from './signature-shell-suite.ts';
export { createTestDevice, createTestKey, type TestDevice, type TestKey } from './test-device.ts';
export {
  type AssertionChanges,
  createTestPasskey,
  type PasskeyAlgorithm,
  type TestPasskey,
  type TestPasskeyOptions,
  type TestRegistration,
} from './test-passkey.ts';
export {
  createTestPerson,
  type DeviceAddOptions,
  deviceSignature,
  type TestPerson,
  type TestPersonOptions,
} from './test-person.ts';
export {
  authorsAmong,
  createTestPool,
  type InviteOptions,
  stateAt,
  type TestInvite,
  type TestPool,
  type TestPoolOptions,
} from './test-pool.ts';
export { verifyChecks } from './verify-checks.ts';
