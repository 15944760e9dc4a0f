// Fakes of every port and suites that real ports must pass, for the tests of clients. Needs Node.

export { FAKE_ORIGIN, FAKE_RP_ID, FakeCluster } from './fake-cluster.ts';
export { FakeAuthenticator } from './fake-passkeys.ts';
export { FakePeerNetwork } from './fake-peers.ts';
export { MemoryBlobs, MemoryStore } from './memory-store.ts';
export { blobSuite, storeSuite } from './port-suites.ts';
export { fileOf, TestClient, TestDevicePlace, TestWorld, twoInAPool } from './test-client.ts';
export { VirtualTime } from './virtual-time.ts';
