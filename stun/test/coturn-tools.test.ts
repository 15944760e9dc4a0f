// coturn's clients as a second opinion, where they are installed (Debian package coturn).
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { attribute, message } from './stun-messages.ts';
import { forEachWay } from './ways.ts';

const TIMEOUT_MS = 20_000;

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { timeout: TIMEOUT_MS });
  return stdout;
}

forEachWay((t, start) => {
  if (isInstalled('turnutils_stunclient')) {
    t.test('[STUN-1] turnutils_stunclient learns its address on either family', async (t) => {
      const server = await start({ port: 0, addresses: ['127.0.0.1', '::1'] });
      t.teardown(() => server.close());
      for (const host of server.addresses) {
        const said = await run('turnutils_stunclient', '-p', `${server.port}`, host);
        t.match(said, new RegExp(`UDP reflexive addr: \\[?${host}\\]?:\\d+`));
      }
    });
  }

  if (isInstalled('turnutils_natdiscovery')) {
    t.test('[STUN-19] turnutils_natdiscovery finds out how this machine is reached', async (t) => {
      const addresses = ['127.0.0.1', '127.0.0.2'];
      const server = await start({ port: 0, alternatePort: 0, addresses });
      t.teardown(() => server.close());
      const said = await run(
        'turnutils_natdiscovery',
        '-m',
        '-f',
        '-p',
        `${server.port}`,
        '127.0.0.1',
      );
      t.match(said, /Endpoint Independent Mapping/);
      t.match(said, /Endpoint Independent Filtering/);
      t.equal(said.match(/RFC 5780 response \d/g)?.length, 4);
    });
  }

  t.test(
    '[STUN-19] RESPONSE-PORT is refused, and the refusal goes where it was asked',
    async (t) => {
      // The second request of turnutils_stunclient to such a server. It listens at the port that it names, and
      // nowhere else, without a time limit: that is why it waits for ever.
      const addresses = ['127.0.0.1', '127.0.0.2'];
      const server = await start({ port: 0, alternatePort: 0, addresses });
      t.teardown(() => server.close());
      const asking = createSocket('udp4').bind(0, '127.0.0.1');
      await once(asking, 'listening');
      t.teardown(() => asking.close());
      const responsePort = attribute(0x0027, Uint8Array.of(0x30, 0x39, 0, 0));
      const change = attribute(0x0003, Uint8Array.of(0, 0, 0, 6));
      asking.send(message(responsePort, change), server.port, '127.0.0.1');
      const [answer] = (await once(asking, 'message')) as [Buffer];
      t.equal(answer.readUInt16BE(0), 0x0111);
      t.equal(answer.subarray(-4).toString('hex'), '00270000', 'UNKNOWN-ATTRIBUTES names it');
    },
  );
});
