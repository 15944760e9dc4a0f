// The desktop's adapters keep the contracts of the engine's ports, over a real disk and real sockets.

import { join } from 'node:path';
import { blobSuite, storeSuite, transportSuite } from '@rockpool/client-core/suites';
import t from 'tap';
import { fileBlobs } from '../src/adapters/blobs.ts';
import { nativePeers } from '../src/adapters/peer-connections.ts';
import { openDeviceStore, ROW_KIND } from '../src/adapters/store.ts';
import { openDataDirectory } from '../src/data-directory.ts';

const root = t.testdir();
let made = 0;
const freshDirectory = () => openDataDirectory(join(root, String(made++)));

t.test('the store over LevelDB', async (t) => {
  storeSuite(t, async () => {
    const directory = await freshDirectory();
    const open = () => openDeviceStore(directory, (error) => t.fail(error.message));
    let store = await open();
    return {
      store: store.rows(ROW_KIND.engine),
      async reopen() {
        await store.close();
        store = await open();
        return store.rows(ROW_KIND.engine);
      },
      close: () => store.close(),
    };
  });
});

t.test('the blobs as files', async (t) => {
  blobSuite(t, async () => {
    const directory = await freshDirectory();
    let blobs = fileBlobs(directory.blobs);
    return {
      blobs,
      async reopen() {
        await blobs.close();
        blobs = fileBlobs(directory.blobs);
        return blobs;
      },
      close: () => blobs.close(),
    };
  });
});

t.test('the peers over libdatachannel', async (t) => {
  const peers = nativePeers();
  t.teardown(() => peers.close());
  transportSuite(t, { left: peers, right: peers });
});
