// Fakes of every port, for the tests of clients. Needs Node. The suites that real ports must pass too have an
// entry of their own, `suites/`, because pages run them.

export { FAKE_ORIGIN, FAKE_RP_ID, FakeCluster } from './fake-cluster.ts';
export { FakeAuthenticator } from './fake-passkeys.ts';
export { FakePeerNetwork } from './fake-peers.ts';
export { MemoryBlobs, MemoryStore } from './memory-store.ts';
export { fileOf, TestClient, TestDevicePlace, TestWorld, twoInAPool } from './test-client.ts';
export { VirtualTime } from './virtual-time.ts';
