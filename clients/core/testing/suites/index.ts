// What every implementation of a port must do: run against the fakes here and against the adapters of
// each platform, so that the fakes stay honest. Needs no Node, so that a page can run it.

export { type BlobPlace, blobSuite } from './blob-suite.ts';
export { Side, type SideSignal } from './connected-peers.ts';
export { type StorePlace, storeSuite } from './store-suite.ts';
export { type SuiteTest, soon } from './suite-test.ts';
export { type Transport, transportSuite } from './transport-suite.ts';
