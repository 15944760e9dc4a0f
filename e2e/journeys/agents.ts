import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentDevice } from '../kit/agent-device.ts';
import { digest } from '../kit/digest.ts';
import type { Journey } from '../kit/journey.ts';

const POOL = 'Tide tables';
const FILE_BYTES = 4 * 1024 * 1024;
const SAVE_TIMEOUT_MS = 60_000;

/** One person, three devices, one of them with a screen. */
export const journey: Journey = {
  name: 'agents',
  summary: 'a browser and two agents in one pool exchange messages and files both ways',
  tell: async (stage) => {
    const ada = await stage.person('ada');
    const desk = await AgentDevice.place();
    const attic = await AgentDevice.place();
    try {
      await stage.step('somebody has an account and a pool', async () => {
        await ada.createAccount(await stage.cluster.firstAdminLink());
        await ada.createPool(POOL);
      });
      await stage.step('two agents are added by their codes', async () => {
        await desk.isAddedBy(ada, 2);
        await attic.isAddedBy(ada, 3);
        await ada.isConnectedTo(2);
      });
      await stage.step('what the browser says, both agents tell', async () => {
        await ada.say('low water at six');
        await Promise.all([desk.hears('low water at six'), attic.hears('low water at six')]);
      });
      await stage.step('what an agent says, the browser shows and the other tells', async () => {
        await desk.says('from the desk', POOL);
        await Promise.all([ada.reads('from the desk'), attic.hears('from the desk')]);
      });
      await stage.step('a file of an agent arrives whole in the browser and there', async () => {
        const path = await fileIn(desk.directory, 'from-desk.bin');
        await desk.sends(path, POOL);
        const [saved, received] = await Promise.all([
          ada.save('from-desk.bin', SAVE_TIMEOUT_MS),
          attic.receives(),
        ]);
        assert.equal(await digest(saved), await digest(path));
        assert.equal(await digest(received), await digest(path));
      });
      await stage.step('a file of the browser arrives whole at both agents', async () => {
        const path = await fileIn(desk.directory, 'from-browser.bin');
        await ada.attach(path);
        for (const received of await Promise.all([desk.receives(), attic.receives()])) {
          assert.match(received, /from-browser( \(2\))?\.bin$/);
          assert.equal(await digest(received), await digest(path));
        }
        await ada.fileCardSays('from-browser.bin', /On 2 other devices/);
      });
      await stage.step(
        'the doctor tells how the network is, and each way from an agent',
        async () => {
          const { code, out } = await desk.agent.run(['doctor', '--network', '--json']);
          const report = JSON.parse(out);
          assert.equal(code, 0, out);
          assert.ok(report.servers.length > 0 && report.servers.every(isAnswering), out);
          assert.equal(report.peers.length, 2, out);
          for (const peer of report.peers) {
            assert.match(peer.words, /^Direct/);
            assert.match(peer.pair, /^(host|srflx|prflx) to (host|srflx|prflx)/);
            assert.equal(peer.relayed, false);
            assert.ok(peer.roundTripMs >= 0 && peer.bytesPerSecond >= 0, out);
            assert.ok(peer.lost >= 0 && peer.lost < 1, out);
          }
          const words = await desk.agent.run(['doctor', '--network']);
          assert.match(words.out, / \d+ ms, \d+ % lost, .*\/s now · (host|srflx|prflx) to /);
        },
      );
      await stage.step('both agents stop when they are told to', async () => {
        assert.deepEqual(await Promise.all([desk.stop(), attic.stop()]), [0, 0]);
      });
    } finally {
      await Promise.all([desk.leave(), attic.leave()]);
    }
  },
};

function isAnswering(server: { answered: boolean; roundTripMs: number }): boolean {
  return server.answered && server.roundTripMs >= 0;
}

async function fileIn(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, randomBytes(FILE_BYTES));
  return path;
}
