// The repository keeps its rules, and each rule is shown to catch what it is for: a rule that cannot fail
// guards nothing.
import { join } from 'node:path';
import t from 'tap';
import { RAFT_BEHAVIOURS } from '../raft-behaviours.ts';
import { allRules } from '../rules/all-rules.ts';
import { documentLinks } from '../rules/document-links.ts';
import { documentNames } from '../rules/document-names.ts';
import { durableWrites } from '../rules/durable-writes.ts';
import { errorPage, errorUse, renderErrorPage } from '../rules/error-table.ts';
import { fileLength, fileName } from '../rules/file-shape.ts';
import { importCycles } from '../rules/import-cycles.ts';
import { importDirections } from '../rules/import-directions.ts';
import { limitPage, renderLimitPage } from '../rules/limit-table.ts';
import { exactVersions, lockFile } from '../rules/packages.ts';
import {
  noReminders,
  noSilencers,
  noStarExports,
  noStrayTests,
  noWorkplacePaths,
} from '../rules/plain-text.ts';
import { privacyPage } from '../rules/privacy-page.ts';
import { protocolRules } from '../rules/protocol-rules.ts';
import { pureRooms } from '../rules/pure-rooms.ts';
import { quotedTests } from '../rules/quoted-tests.ts';
import { conformancePage, renderConformancePage } from '../rules/raft-conformance.ts';
import { formatFinding, type Rule, readRepository } from '../rules/repository.ts';
import { typeCheckCoverage } from '../rules/type-check-coverage.ts';
import { ERROR_TABLES, LIMIT_TABLE } from '../tables.ts';

const repository = readRepository(join(import.meta.dirname, '..', '..'));

t.test('this repository keeps every rule', async (t) => {
  t.ok(repository.length > 50, 'the repository was really read');
  for (const rule of allRules(ERROR_TABLES, LIMIT_TABLE, RAFT_BEHAVIOURS)) {
    const findings = rule.check(repository);
    t.equal(findings.length, 0, rule.name, {
      diagnostic: findings.length > 0,
      findings: findings.map(formatFinding),
    });
  }
});

/** Where the rule objects, as `path:line`, in a repository of these files. */
function objections(rule: Rule, files: Record<string, string>): string[] {
  return rule
    .check(Object.entries(files).map(([path, text]) => ({ path, text })))
    .map((finding) => `${finding.path}:${finding.line}`);
}

/** A source that imports just this. */
const importing = (specifier: string) => `import { x } from '${specifier}';\n`;

t.test('imports against the direction of the table are caught', async (t) => {
  const caught: [string, string][] = [
    ['protocol/src/a.ts', 'node:fs'],
    ['protocol/src/a.ts', '@rockpool/cluster'],
    ['cluster/src/core/a.ts', 'node:crypto'],
    ['cluster/src/core/a.ts', '../ports.ts'],
    ['cluster/src/a.ts', '@rockpool/protocol'],
    ['cluster/src/a.ts', 'classic-level'],
    ['stun/src/codec/a.ts', '../server.ts'],
    ['stun/src/codec/a.ts', 'node:crypto'],
    ['auth/src/a.ts', '@rockpool/cluster'],
    ['auth/src/a.ts', 'fastify'],
    ['server/src/directory/a.ts', '@rockpool/cluster'],
    ['server/src/directory/a.ts', '../commands/b.ts'],
    ['server/src/a.ts', '@rockpool/client-core'],
    ['server/src/a.ts', '../../cluster/src/core/raft.ts'],
    ['server/src/a.ts', '@rockpool/cluster/src/core/raft.ts'],
    ['server/src/a.ts', '@rockpool/cluster/testing'],
    ['clients/core/src/a.ts', 'react'],
    ['clients/core/src/a.ts', 'node:fs'],
    ['clients/web/src/a.tsx', '@rockpool/server'],
    ['clients/web/src/a.tsx', '../../core/src/client.ts'],
    ['e2e/a.ts', '../server/src/app.ts'],
    ['bench/src/a.ts', '../../stun/src/codec/message.ts'],
    ['nowhere/a.ts', 'tap'],
  ];
  for (const [path, specifier] of caught) {
    t.same(objections(importDirections, { [path]: importing(specifier) }), [`${path}:1`], {
      path,
      specifier,
    });
  }
});

t.test('imports along the direction of the table pass', async (t) => {
  const passed: [string, string][] = [
    ['protocol/src/a.ts', 'cborg'],
    ['cluster/src/core/a.ts', './b.ts'],
    ['storage/src/a.ts', 'classic-level'],
    ['auth/src/a.ts', '@rockpool/protocol'],
    ['server/src/http/a.ts', '../commands/b.ts'],
    ['server/test/a.test.ts', '@rockpool/cluster/testing'],
    ['clients/web/src/a.tsx', '@rockpool/client-core'],
    ['bench/src/a.ts', '@rockpool/stun'],
    ['bench/src/a.ts', '@rockpool/protocol/testing'],
  ];
  for (const [path, specifier] of passed) {
    t.same(objections(importDirections, { [path]: importing(specifier) }), [], { path, specifier });
  }
});

t.test('every way to write an import is seen, and none in prose', async (t) => {
  const seen = [
    "import fs from 'node:fs';",
    "import type { Stats } from 'node:fs';",
    "import {\n  a,\n  b,\n} from 'node:fs';",
    "import 'node:fs';",
    "export { a } from 'node:fs';",
    "const fs = await import('node:fs');",
    `const text = \`it's \${1}\`; import fs from 'node:fs';`,
    "const quote = /['\"`]/; import fs from 'node:fs';",
  ];
  for (const text of seen) {
    t.equal(objections(importDirections, { 'protocol/src/a.ts': text }).length, 1, text);
  }
  const prose = [
    "// import fs from 'node:fs'",
    "/* import fs from 'node:fs' */",
    'const text = "import fs from \'node:fs\'";',
  ];
  for (const text of prose) {
    t.same(objections(importDirections, { 'protocol/src/a.ts': text }), [], text);
  }
});

t.test('an import circle is caught, through types too', async (t) => {
  t.same(
    objections(importCycles, {
      'stun/src/a.ts': importing('./b.ts'),
      'stun/src/b.ts': importing('./deep/c.ts'),
      'stun/src/deep/c.ts': "import type { x } from '../a.ts';\n",
    }),
    ['stun/src/deep/c.ts:1'],
  );
  t.same(
    objections(importCycles, {
      'stun/src/a.ts': importing('./b.ts') + importing('./c.ts'),
      'stun/src/b.ts': importing('./c.ts'),
      'stun/src/c.ts': '',
    }),
    [],
  );
});

t.test('clocks, chance, timers and promises are caught in pure rooms alone', async (t) => {
  const impure = [
    'const now = Date.now();',
    'const now = new Date();',
    'const chance = Math.random();',
    'setTimeout(run, 5);',
    'async function run() {}',
    'const later: Promise<void> = run();',
    'const now = performance.now();',
  ];
  const rooms = ['cluster/src/core', 'stun/src/codec', 'server/src/directory', 'protocol/src'];
  for (const room of rooms) {
    for (const text of impure) {
      t.same(objections(pureRooms, { [`${room}/a.ts`]: text }), [`${room}/a.ts:1`], { room, text });
    }
  }
  t.same(objections(pureRooms, { 'server/src/a.ts': 'Date.now();' }), []);
  t.same(objections(pureRooms, { 'protocol/src/a.ts': '// Math.random is not used\n' }), []);
});

t.test('a database write that may be lost is caught', async (t) => {
  const path = 'storage/src/store.ts';
  const writing = (write: string) => ({ [path]: `${importing('classic-level')}${write}\n` });
  for (const write of [
    'await db.put(key, value);',
    'await db.batch(rows);',
    'await db.batch(rows, { sync: false });',
    'await batch.write();',
    'await batch._write({});',
    'await db.del(key, {});',
  ]) {
    t.same(objections(durableWrites, writing(write)), [`${path}:2`], write);
  }
  for (const write of [
    'await db.batch(rows, { sync: true });',
    'const batch = db.batch(); batch.put(key, value); await batch.write({ sync: true });',
  ]) {
    t.same(objections(durableWrites, writing(write)), [], write);
  }
});

t.test('a second holder of the database, or one outside the adapters, is caught', async (t) => {
  const holder = importing('classic-level');
  t.same(objections(durableWrites, { 'server/src/a.ts': holder }), ['server/src/a.ts:1']);
  t.same(
    objections(durableWrites, {
      'storage/src/a.ts': holder,
      'storage/src/b.ts': holder,
      'cluster/test/c.test.ts': holder,
    }),
    ['storage/src/b.ts:1'],
  );
});

t.test('long files and empty names are caught', async (t) => {
  const lines = (count: number) => 'x;\n'.repeat(count);
  t.same(objections(fileLength, { 'a/src/a.ts': lines(400), 'a/test/a.test.ts': lines(500) }), []);
  t.same(objections(fileLength, { 'a/src/a.ts': lines(401), 'a/test/a.test.ts': lines(501) }), [
    'a/src/a.ts:401',
    'a/test/a.test.ts:501',
  ]);
  const names = ['utils.ts', 'helpers.ts', 'CamelCase.ts', 'snake_case.ts'];
  for (const name of names)
    t.equal(objections(fileName, { [`a/src/${name}`]: '' }).length, 1, name);
  t.same(objections(fileName, { 'a/src/peer-frame.ts': '', 'a/test/x.test.ts': '' }), []);
});

t.test('text that no file may contain is caught', async (t) => {
  const cases: [Rule, string, string][] = [
    [noStarExports, 'a/src/index.ts', "export * from './a.ts';"],
    [noStrayTests, 'a/test/a.test.ts', "t.only('x', run);"],
    [noStrayTests, 'a/test/a.test.ts', "t.skip('x', run);"],
    [noStrayTests, 'a/test/a.test.ts', "t.test('x', { skip: true }, run);"],
    [noStrayTests, 'a/test/a.test.ts', "t.test('x', { todo: 'later' });"],
    [noReminders, 'a/src/a.ts', `// ${'TO'}DO later`],
    [noReminders, 'docs/a.md', `${'FIX'}ME`],
    [noSilencers, 'a/src/a.ts', `// @${'ts'}-ignore`],
    [noSilencers, 'a/src/a.ts', `// ${'biome'}-ignore lint: because`],
    [noWorkplacePaths, 'docs/a.md', `see /${'home'}/somebody/rockpool`],
    [noWorkplacePaths, 'a/src/a.ts', `const path = '/${'tmp'}/x';`],
  ];
  for (const [rule, path, text] of cases) {
    t.same(objections(rule, { [path]: text }), [`${path}:1`], text);
  }
  t.same(objections(noStrayTests, { 'a/test/a.test.ts': 'reader.skip(4);' }), []);
  t.same(objections(noWorkplacePaths, { 'docs/a.md': 'GET /api/home/x, ./work/x' }), []);
});

t.test('loose, differing and located packages are caught', async (t) => {
  const asking = (version: string) => `{\n  "dependencies": {\n    "tap": "${version}"\n  }\n}\n`;
  for (const version of ['^1.0.0', '~1.0.0', '1.x', '*', 'latest', 'file:../tap']) {
    t.same(objections(exactVersions, { 'package.json': asking(version) }), ['package.json:3'], {
      version,
    });
  }
  t.same(
    objections(exactVersions, {
      'package.json': asking('1.0.0'),
      'a/package.json': asking('1.0.1'),
    }),
    ['a/package.json:3'],
  );
  const resolved = '{\n"resolved": "https://registry.example/tap.tgz"\n}';
  t.same(objections(lockFile, { 'package-lock.json': resolved }), ['package-lock.json:2']);
});

t.test('a file outside every tsconfig is caught', async (t) => {
  const files = { 'a/tsconfig.json': '{ "include": ["src"] }', 'a/src/a.ts': '' };
  t.same(objections(typeCheckCoverage, files), []);
  t.same(objections(typeCheckCoverage, { ...files, 'a/main.ts': '' }), ['a/main.ts:1']);
});

t.test('a protocol rule without a test, and a test of no rule, are caught', async (t) => {
  const rule = (id: string, text = 'be kind') => `- **[${id}]** ${text}\n`;
  const test = (id: string) => `t.test('[${id}] peers are kind', run);\n`;
  const check = (document: string, tests: string) =>
    objections(protocolRules, { 'docs/protocol.md': document, 'a/test/a.test.ts': tests });
  t.same(check(rule('SIG-1'), test('SIG-1')), []);
  t.same(check(rule('SIG-1') + rule('SIG-2'), test('SIG-1')), ['docs/protocol.md:2']);
  t.same(check(rule('SIG-1'), test('SIG-1') + test('SIG-9')), ['a/test/a.test.ts:2']);
  t.same(check(rule('SIG-1'), `// [SIG-1]\n`), ['docs/protocol.md:1']);
  t.same(check(rule('SIG-1', 'as [SIG-7] says'), test('SIG-1')), ['docs/protocol.md:1']);
  t.same(check(rule('SIG-1') + rule('SIG-1'), test('SIG-1')), ['docs/protocol.md:2']);
});

t.test('a stale error page and a code that nothing raises are caught', async (t) => {
  const lost = { http: 404, close: 0, retry: 'never', message: 'Gone | away.', remedy: 'Ask.' };
  const full = { message: 'Full.', remedy: 'Make room.' };
  const disk = {
    path: 'a/src/disk.ts',
    title: 'Disk',
    about: 'Here.',
    errors: { DISK_FULL: full },
  };
  const table = {
    coded: { path: 'protocol/src/errors.ts', errors: { FILE_LOST: lost } },
    plain: [disk],
  };
  const page = renderErrorPage(table);
  t.match(page, '| `FILE_LOST` | 404 |  | no | Gone \\| away. | Ask. |');
  t.match(page, '| `DISK_FULL` | Full. | Make room. |');
  t.same(objections(errorPage(table), { 'docs/errors.md': page }), []);
  t.same(objections(errorPage(table), { 'docs/errors.md': `${page}more` }), ['docs/errors.md:1']);
  t.same(objections(errorPage(table), {}), ['docs/errors.md:1']);
  const source = { 'protocol/src/errors.ts': 'export const ERRORS = {\n  FILE_LOST: {},\n};\n' };
  t.same(objections(errorUse(table), source), ['protocol/src/errors.ts:2', 'a/src/disk.ts:1']);
  const raised = { ...source, 'a/src/a.ts': "fail('FILE_LOST'); fail('DISK_FULL')" };
  t.same(objections(errorUse(table), raised), []);
});

t.test('a stale page of limits is caught, and its values are readable', async (t) => {
  const source = `/** A frame
 * either way. */
export const FRAME_BYTES_MAX = 131072;
export const PROOF_LIFE_MAX_MS = 120000;
export const SLOTS = 65536;
`;
  const values = { FRAME_BYTES_MAX: 131_072, PROOF_LIFE_MAX_MS: 120_000, SLOTS: 65_536 };
  const page = renderLimitPage(source, values);
  t.match(page, '| `FRAME_BYTES_MAX` | 128 KiB | A frame either way. |');
  t.match(page, '| `PROOF_LIFE_MAX_MS` | 2 min |  |');
  t.match(page, '| `SLOTS` | 65,536 |  |');
  const files = { 'protocol/src/limits.ts': source, 'docs/limits.md': page };
  t.same(objections(limitPage(values), files), []);
  t.same(objections(limitPage({ ...values, SLOTS: 1 }), files), ['docs/limits.md:1']);
});

t.test(
  'a stale page of Raft’s behaviours is caught, and a title that quotes an unknown one',
  async (t) => {
    const behaviours = {
      Elections: [
        { id: 'C01', says: 'first', brokenBy: ['M2', 'M1', 'M3', 'M4'] },
        { id: 'C02', says: 'second' },
        { id: 'C03', says: 'third', notOurs: 'we have none' },
        { id: 'X01', says: 'fourth', brokenBy: ['M2'] },
      ],
    };
    const tests = {
      'cluster/test/core/a.test.ts': "// '[C02] no test'\nt.test('[C01] [X01] a title', f);\n",
      'cluster/test/scenarios/b.txt': '# [C01] a scenario\n\nnodes 1\n',
      'cluster/testing/mutants/kills.json': JSON.stringify({
        scenarios: { M1: ['b.txt', 'd.txt'], M2: [], M3: ['d.txt'], M5: ['b.txt'] },
        tests: { M2: ['[C01] [X01] a title'] },
      }),
    };
    const files = Object.entries(tests).map(([path, text]) => ({ path, text }));
    const page = renderConformancePage(files, behaviours);
    const test = '[a title](../cluster/test/core/a.test.ts)';
    t.match(page, `| C01 | first | ${test}; [b.txt](../cluster/test/scenarios/b.txt) | M2, M1 |`);
    t.match(page, '| C02 | second | **not covered yet** |  |');
    t.match(page, '| C03 | third | does not apply: we have none |  |');
    t.match(
      page,
      'Of 4 behaviours, 2 are shown by tests that fail when a mutant breaks them, and 1 do not apply.',
    );
    t.match(page, '1 are **not covered yet**: C02.');
    const unproven = renderConformancePage(files.slice(0, 2), behaviours);
    t.match(unproven, '2 have tests that no mutant has been seen to fail: C01, X01.');
    const rule = conformancePage(behaviours);
    const whole = { ...tests, 'docs/raft-conformance.md': page };
    t.same(objections(rule, whole), []);
    const renamed = { ...whole, 'cluster/test/core/a.test.ts': "t.test('[C01] another', f);" };
    t.same(objections(rule, renamed), ['docs/raft-conformance.md:1']);
    const unknown = { ...whole, 'cluster/test/scenarios/c.txt': '# [C99] words\n' };
    t.same(objections(rule, unknown), ['cluster/test/scenarios/c.txt:1']);
  },
);

t.test('a link between documents that leads nowhere is caught', async (t) => {
  const files = { 'docs/adr/0001-a.md': '', 'docs/b.md': '', 'README.md': '' };
  const links = (text: string) => objections(documentLinks, { ...files, 'docs/c.md': text });
  for (const link of [
    'b.md',
    'adr/',
    './adr/0001-a.md#why',
    '../README.md',
    'https://x.example/y',
  ]) {
    t.same(links(`see [it](${link})`), [], link);
  }
  for (const link of ['a.md', 'adr/0002-b.md', '../docs2/']) {
    t.same(links(`see\n[it](${link})`), ['docs/c.md:2'], link);
  }
});

t.test('a quoted test that is not there is caught', async (t) => {
  const files = { 'a/test/b.test.ts': "t.test('[SIG-4] nobody gets in', run);\n// but a mouse\n" };
  const page = (text: string) => objections(quotedTests, { ...files, 'docs/c.md': text });
  t.same(page('see [nobody gets in](../a/test/b.test.ts)'), []);
  t.same(page('see [nobody\ngets in](../a/test/b.test.ts)'), []);
  t.same(page('see\n[somebody gets in](../a/test/b.test.ts)'), ['docs/c.md:2']);
  t.same(page('see [but a mouse](../a/test/b.test.ts)'), ['docs/c.md:1']);
  t.same(page('see [nobody gets in](../a/test/c.test.ts)'), ['docs/c.md:1']);
});

t.test('a name or a path in a document that no code has is caught', async (t) => {
  const code = { 'a/src/a.ts': 'export const FRAME_BYTES_MAX = 1;\n', 'tools/a.ts': 'OLD_NAME' };
  const page = (text: string) => objections(documentNames, { ...code, 'docs/b.md': text });
  for (const fine of ['FRAME_BYTES_MAX', 'ES256', 'RFC-8949', 'a_b', '`a/src/gone.ts`']) {
    t.same(page(fine), [], fine);
  }
  t.same(page('x\n`OLD_NAME`'), ['docs/b.md:2']);
  t.same(page('`server/src/gone.ts` and `tools/a.ts`'), ['docs/b.md:1']);
  t.same(page('`server/src/`'), ['docs/b.md:1']);
});

t.test('a kind of row or a label that the privacy page does not name is caught', async (t) => {
  const files = {
    'server/src/directory/keys.ts': 'export const KEY_PREFIXES = {\n  user: 0x75,\n} as const;\n',
    'cluster/src/format/store-key.ts': 'export const KEY_KIND = {\n  row: 0x20,\n} as const;\n',
    'server/src/observability/metrics.ts':
      "x({ labelNames: ['code'] }); gauge('a', 'b', ['peer']);\n",
  };
  const user = '| `u` `user` | who | why | how long |\n';
  const row = '| `0x20` `row` | what | why | how long |\n';
  const labels = 'Their labels are `code` and `peer`; none is a person.\n';
  const check = (page: string) => objections(privacyPage, { ...files, 'docs/privacy.md': page });
  t.same(check(user + row + labels), []);
  t.same(check(user + labels), ['docs/privacy.md:1'], 'a missing row');
  t.same(check(`${user}${user}${row}${labels}`), ['docs/privacy.md:1'], 'a row twice');
  t.same(check(`${user}${row}${row.replace('0x20', '0x21')}${labels}`), ['docs/privacy.md:3']);
  t.same(check(`${user}${row.replace(' | how long', '')}${labels}`), ['docs/privacy.md:2']);
  t.same(check(user + row + labels.replace('peer', 'user')).length, 2, 'another label');
  t.same(objections(privacyPage, files), ['docs/privacy.md:1']);
});
