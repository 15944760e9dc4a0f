// What is decided without a disk, a terminal or an agent: names, choices, lines.

import { readArguments } from '@rockpool/cli';
import fc from 'fast-check';
import t from 'tap';
import { choosePool } from '../src/agent/choose-pool.ts';
import { readAnswer } from '../src/cli/json-screen.ts';
import { poolTable } from '../src/cli/pools-command.ts';
import { progressLine } from '../src/cli/progress-line.ts';
import { qrCode } from '../src/cli/qr-code.ts';
import { columnsOf, cutTo, jsonLine, plainLine, plainLines } from '../src/plain-text.ts';
import { numberedFileName, safeFileName } from '../src/saving/safe-file-name.ts';
import { dataDirectoryOf, originOf, readSettings } from '../src/settings.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('.', '/', '\\', ' ', '-', 'nul', '\0', '\x1b', 'ä', '名', '\n'),
  }),
);
const OBEYED = /[\p{Cc}\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

t.test('a foreign name becomes the name of a file in the directory and nowhere else', (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['film.mkv', 'film.mkv'],
    ['../../etc/passwd', '__.._etc_passwd'],
    ['..', 'file'],
    ['...', 'file'],
    ['', 'file'],
    ['/', 'file'],
    ['a\0b\x1b[2J\u202etxt.exe', 'ab[2Jtxt.exe'],
    ['C:\\Windows\\x', 'C__Windows_x'],
    ['.bashrc', '_bashrc'],
    ['-rf', '_rf'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['com1 .tar.gz', '_com1 .tar.gz'],
    ['console.log', 'console.log'],
    ['notes. . ', 'notes'],
  ];
  for (const [name, safe] of cases) t.equal(safeFileName(name), safe, JSON.stringify(name));
  const long = safeFileName(`${'長'.repeat(200)}.tar.gz`);
  t.match(long, /^長+\.tar\.gz$/);
  t.ok(Buffer.byteLength(long) <= 230);
  t.end();
});

t.test('no name escapes, hides, or is one that a system keeps for itself', (t) => {
  const property = fc.property(anyText, fc.integer({ min: 1, max: 9_999 }), (name, number) => {
    const safe = numberedFileName(safeFileName(name), number);
    return (
      safe !== '' &&
      Buffer.byteLength(safe) <= 255 &&
      !/[/\\:*?"<>|]/.test(safe) &&
      !OBEYED.test(safe) &&
      !/^[.\-\s]/.test(safe) &&
      !/[.\s]$/.test(safe) &&
      !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(safe)
    );
  });
  fc.assert(property, { numRuns: 2_000 });
  t.pass();
  t.end();
});

t.test('a number goes before the ending', (t) => {
  t.equal(numberedFileName('film.mkv', 1), 'film.mkv');
  t.equal(numberedFileName('film.mkv', 2), 'film (2).mkv');
  t.equal(numberedFileName('a.tar.gz', 3), 'a (3).tar.gz');
  t.equal(numberedFileName('README', 2), 'README (2)');
  t.end();
});

const pools = [
  { id: 'aa11'.padEnd(64, '0'), name: 'Book club' },
  { id: 'aa22'.padEnd(64, '0'), name: 'Boat' },
  { id: 'bb33'.padEnd(64, '0'), name: 'Ärzte' },
  { id: 'bb44'.padEnd(64, '0'), name: 'boat' },
  { id: 'bb55'.padEnd(64, '0'), name: 'Book' },
];

t.test('a pool is chosen by name or beginning, and only where one is meant', (t) => {
  const chosen = (choice: string) => choosePool(pools, choice).id.slice(0, 4);
  t.equal(chosen('BOOK CLUB'), 'aa11');
  t.equal(chosen('book'), 'bb55', 'a whole name beats the beginning of another');
  t.equal(chosen('book c'), 'aa11');
  t.equal(chosen('ärz'), 'bb33');
  t.equal(chosen('aa2'), 'aa22');
  t.throws(() => chosen('boat'), { code: 'POOL_AMBIGUOUS', message: /Boat \(aa22.*boat \(bb44/ });
  t.throws(() => chosen('bo'), { code: 'POOL_AMBIGUOUS' });
  t.throws(() => chosen('chess'), { code: 'POOL_UNKNOWN', message: /"chess": there is Book club/ });
  t.throws(() => chosen(''), { code: 'POOL_UNKNOWN' });
  t.throws(() => choosePool([], 'x'), { code: 'POOL_UNKNOWN', message: /in none yet/ });
  t.end();
});

t.test('what a terminal would obey is never written', (t) => {
  t.equal(plainLine('a\x1b[2J\u202eb\r\nc'), 'a\ufffd[2J\ufffdb c');
  t.equal(
    plainLines('one\nPool  Ada: two\u2028three', '  | '),
    'one\n  | Pool Ada: two\n  | three',
  );
  t.same(JSON.parse(jsonLine({ text: '\u009b2J\u202e\x07' })), { text: '\u009b2J\u202e\x07' });
  const property = fc.property(anyText, (text) => {
    const lines = [plainLine(text), jsonLine({ text }), ...plainLines(text, '').split('\n')];
    return lines.every((line) => !OBEYED.test(line));
  });
  fc.assert(property, { numRuns: 2_000 });
  t.end();
});

t.test('a line of progress fits its terminal', (t) => {
  const progress = { name: 'film.mkv', size: 2_000_000, bytes: 500_000, bytesPerSecond: 100_000 };
  t.equal(
    progressLine(progress, 80),
    'film.mkv  █████░░░░░░░░░░░░░░░   25 %  500 KB of 2.0 MB  100 KB/s  15 s left',
  );
  t.match(progressLine({ name: 'empty', size: 0, bytes: 0, bytesPerSecond: 0 }, 80), /100 %/);
  const property = fc.property(
    anyText,
    fc.maxSafeNat(),
    fc.maxSafeNat(),
    fc.nat(),
    fc.integer({ min: 20, max: 200 }),
    (name, size, bytes, bytesPerSecond, columns) => {
      const line = progressLine({ name, size, bytes, bytesPerSecond }, columns);
      return columnsOf(line) < columns && !OBEYED.test(line);
    },
  );
  fc.assert(property);
  t.equal(columnsOf(cutTo('日本語のファイル', 9)), 9);
  t.end();
});

t.test('pools stand in columns', (t) => {
  const rows = [
    { id: 'aa11aa11aa11', name: '本の会', members: 3, online: 1, devices: 1 },
    { id: 'bb22bb22bb22', name: 'Boat', members: 12, online: 0, devices: 0 },
  ];
  t.equal(
    poolTable(rows),
    [
      'pool    id        people  online',
      '本の会  aa11aa11  3       1',
      'Boat    bb22bb22  12      0',
    ].join('\n'),
  );
  t.end();
});

t.test('a QR code is black on white in any terminal, two rows to a line', (t) => {
  const { lines, columns } = qrCode('https://pool.example.org/#device=abc');
  t.equal(lines.length, Math.ceil(columns / 2));
  for (const line of lines) {
    t.ok(line.startsWith('\x1b[38;5;16;48;5;231m') && line.endsWith('\x1b[0m'));
    t.match(line.slice(19, -4), new RegExp(`^[ ▀▄█]{${columns}}$`));
  }
  t.match(lines[1], /m {2}█▀▀▀▀▀█ .* █▀▀▀▀▀█ {2}/, 'the corners that scanners look for');
  t.end();
});

t.test('a server is an origin', (t) => {
  t.equal(originOf('https://Pool.example.org/'), 'https://pool.example.org');
  t.equal(originOf('http://localhost:8080'), 'http://localhost:8080');
  for (const wrong of [
    'localhost:8080',
    'pool.example.org',
    'http://pool.example.org',
    'https://pool.example.org/chat',
    'https://me@pool.example.org',
    'https://pool.example.org/#join',
    'ftp://pool.example.org',
    '',
  ]) {
    t.throws(() => originOf(wrong), { name: 'Error' }, wrong);
  }
  t.equal(readSettings('{"v":1,"server":"http://localhost:8080"}'), 'http://localhost:8080');
  t.equal(readSettings('{"v":2,"server":"http://localhost:8080"}'), undefined);
  const property = fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    readAnswer(text);
    return readSettings(text) === undefined;
  });
  fc.assert(property);
  t.equal(readAnswer('{"same":true}'), true);
  t.equal(readAnswer('{"same":1}'), undefined);
  t.end();
});

t.test('the data directory follows the option, the environment, the desktop', (t) => {
  t.equal(dataDirectoryOf('/x', { ROCKPOOL_AGENT_DATA: '/y' }), '/x');
  t.equal(dataDirectoryOf(undefined, { ROCKPOOL_AGENT_DATA: '/y' }), '/y');
  t.equal(dataDirectoryOf(undefined, { XDG_DATA_HOME: '/z' }), '/z/rockpool-agent');
  t.match(dataDirectoryOf(undefined, {}), /\/\.local\/share\/rockpool-agent$/);
  t.same(readArguments(['a', '--', '--help'], {}).positionals, ['a', '--help']);
  t.end();
});
