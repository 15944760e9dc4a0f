// The fakes keep the contracts that the adapters of browsers and desktops keep.

import t from 'tap';
import { FakePeerNetwork, MemoryBlobs, MemoryStore, VirtualTime } from '../testing/index.ts';
import { blobSuite, storeSuite, transportSuite } from '../testing/suites/index.ts';

t.test('the store in memory', async (t) => {
  storeSuite(t, async () => {
    const store = new MemoryStore();
    return { store, reopen: async () => store, close: async () => {} };
  });
});

t.test('the blobs in memory', async (t) => {
  blobSuite(t, async () => {
    const blobs = new MemoryBlobs();
    return { blobs, reopen: async () => blobs, close: async () => {} };
  });
});

t.test('the peers of the fake network', async (t) => {
  const network = new FakePeerNetwork(new VirtualTime());
  transportSuite(t, { left: network.port(), right: network.port() });
});
