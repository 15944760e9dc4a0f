import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { DemoProcess } from '../src/launcher/demo-process.ts';

const ORIGIN = 'http://localhost:8080';
const LINK = `${ORIGIN}/#link`;
const goesOn = `The demo has ended; Rockpool goes on at ${ORIGIN}`;

const directory = mkdtempSync(join(tmpdir(), 'rockpool-demo-process-'));
t.teardown(() => rmSync(directory, { recursive: true }));

t.test(
  'what the demo says is passed on, and when it ends Rockpool says that it goes on',
  async (t) => {
    const lines = await play('both ends', `console.log(process.argv.slice(2).join(' '));`);
    t.same(lines, [`--origin ${ORIGIN} --link ${LINK}`, goesOn]);
  },
);

t.test('a demo that cannot begin leaves the first link to the person', async (t) => {
  const lines = await play('refuses', `console.error('no display'); process.exitCode = 2;`);
  t.same(lines, ['no display', goesOn, 'unused']);
});

t.test('Ctrl-C is passed on, and the demo is waited for', async (t) => {
  const demo = new DemoProcess();
  const said: string[] = [];
  const ready = new Promise<void>((resolve) => {
    const say = (words: string) => {
      said.push(words);
      resolve();
    };
    const source = `
      process.on('SIGINT', () => { console.log('closing'); process.exit(); });
      process.on('disconnect', () => {});
      console.log('open');`;
    demo.start({ origin: ORIGIN, link: LINK, say, unused: () => {} }, script('stays', source));
  });
  await ready;
  await demo.stop();
  t.same(said, ['open', 'closing']);
});

t.test('a demo that is stopped before it began never begins', async (t) => {
  const demo = new DemoProcess();
  await demo.stop();
  demo.start({ origin: ORIGIN, link: LINK, say: t.fail, unused: t.fail }, script('late', ''));
  await demo.stop();
  t.pass();
});

/** Everything said until the demo has ended by itself. */
function play(name: string, source: string): Promise<string[]> {
  const said: string[] = [];
  return new Promise((resolve) => {
    const say = (words: string) => {
      said.push(words);
      if (words === goesOn) setImmediate(() => resolve(said));
    };
    const unused = () => said.push('unused');
    new DemoProcess().start({ origin: ORIGIN, link: LINK, say, unused }, script(name, source));
  });
}

function script(name: string, source: string): string {
  const path = join(directory, `${name}.mjs`);
  writeFileSync(path, source);
  return path;
}
