// A search that finds nothing proves something only if it would have found it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { canary, searchCanaries } from '../kit/canary.ts';

t.test('a canary is found on disk and in print, however it was spelled', async (t) => {
  const secret = canary('pool');
  const spelled: Record<string, string | Buffer> = {
    plain: `xx${secret}xx`,
    wide: Buffer.from(`x${secret}`, 'utf16le'),
    'base64 a': Buffer.from(`${secret}x`).toString('base64'),
    'base64 b': Buffer.from(`x${secret}x`).toString('base64'),
    'base64 c': Buffer.from(`xx${secret}x`).toString('base64'),
  };
  for (const [name, content] of Object.entries(spelled)) {
    const directory = t.testdir();
    mkdirSync(join(directory, 'deep'));
    writeFileSync(join(directory, 'deep', 'file'), content);
    const { finds } = await searchCanaries([secret], directory, {});
    t.ok(finds.length > 0, name);
  }
  const printed = await searchCanaries([secret], t.testdir(), { 'the log': `log: ${secret}\n` });
  t.same(printed.finds, [`"${secret}" in the log`]);
});

t.test('a canary that is nowhere is not found', async (t) => {
  const directory = t.testdir({ file: canary('pool') });
  const { finds, bytesRead } = await searchCanaries([canary('pool')], directory, {
    print: 'quiet',
  });
  t.same(finds, []);
  t.ok(bytesRead > 10);
});
