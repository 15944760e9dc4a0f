// What the demo must keep without anybody watching: it stays on this machine, says plainly why it cannot begin, and
// its label is there under the page's own policies.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { openBrowser } from '../kit/browser.ts';
import { readDemoOptions } from '../kit/demo-options.ts';
import { DEMO_LABEL, wearLabel } from '../kit/demo-window.ts';

const DEMO = join(import.meta.dirname, '..', 'demo.ts');
const ORIGIN = 'http://localhost:8080';
const LINK = `${ORIGIN}/#link`;
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

t.test('it opens this machine’s own pages only', async (t) => {
  t.same(readDemoOptions(['--origin', ORIGIN, '--link', LINK]), { origin: ORIGIN, link: LINK });
  const elsewhere = [
    'https://pool.example',
    'http://localhost.pool.example',
    'http://127.0.0.1:8080',
    'https://localhost',
    'localhost:8080',
    'nonsense',
  ];
  for (const origin of elsewhere) {
    t.match(readDemoOptions(['--origin', origin, '--link', LINK]), /only opens http:\/\/localhost/);
  }
  const link = 'http://localhost:9090/#link';
  t.match(readDemoOptions(['--origin', ORIGIN, '--link', link]), /another place/);
});

t.test('where an administrator is already, it names both ways out', async (t) => {
  const why = readDemoOptions(['--origin', ORIGIN]);
  t.match(why, /--fresh.*--data/);
  t.notMatch(why, /\n/);
  t.match(readDemoOptions(['--unknown']), /--origin URL and --link/);
});

t.test('without a display it says so and ends with code 2', async (t) => {
  const { DISPLAY: _x, WAYLAND_DISPLAY: _wayland, ...env } = process.env;
  const child = spawn(process.execPath, [DEMO, '--origin', ORIGIN, '--link', LINK], { env });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words += chunk.toString();
  });
  const [code] = await once(child, 'close');
  t.equal(code, 2);
  t.match(words, /no display/);
});

t.test('its label shows under the strictest policy, and only at its origin', async (t) => {
  const server = createServer((_request, response) => {
    response.setHeader('content-security-policy', POLICY);
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>demo</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const browser = await openBrowser();
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.addInitScript(wearLabel, { origin: `http://localhost:${port}`, text: DEMO_LABEL });
  const label = page.getByRole('note');

  await page.goto(`http://localhost:${port}/`);
  t.equal(await label.textContent(), 'Demo: virtual passkey');
  t.equal(await label.evaluate((element) => getComputedStyle(element).position), 'fixed');
  await page.reload();
  t.equal(await label.count(), 1);
  await page.goto('about:blank');
  t.equal(await label.count(), 0);
  t.same(complaints, []);
});
