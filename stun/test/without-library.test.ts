// Where the library that batches need does not load, for real: a copy of this package stands where there is no koffi, or one
// without its binary, or with a binary that is none or another processor's. STUN answers all the same, after one line in
// the log.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { platformHasBatches } from '../src/batched/libc.ts';

const PACKAGE = join(import.meta.dirname, '..');
const KOFFI = dirname(createRequire(import.meta.url).resolve('koffi'));
/** e_machine of an ELF file (elf(5)), and two processors. */
const MACHINE_AT = 18;
const EM_X86_64 = 62;
const EM_AARCH64 = 183;

const ASK = `
import { startStunServer } from './src/server.ts';
import { probeStun } from './src/probe.ts';
const warned = [];
const logger = { warn: (fields, message) => warned.push({ ...fields, message }) };
const server = await startStunServer({ port: 0, addresses: ['127.0.0.1'], logger });
const { ok } = await probeStun({ host: '127.0.0.1', port: server.port });
console.log(JSON.stringify({ ok, batched: server.batched, warned }));
await server.close();
`;

interface Told {
  readonly ok: boolean;
  readonly batched: boolean;
  readonly warned: readonly { readonly fault: string; readonly message: string }[];
}

/** What a copy of this package tells from a place where no other package is found but those that are put there. */
async function askAt(t: Test, put: (modules: string, source: string) => void): Promise<Told> {
  const place = mkdtempSync(join(tmpdir(), 'rockpool-stun-'));
  t.teardown(() => rmSync(place, { recursive: true }));
  cpSync(join(PACKAGE, 'src'), join(place, 'src'), { recursive: true });
  cpSync(join(PACKAGE, 'package.json'), join(place, 'package.json'));
  writeFileSync(join(place, 'ask.ts'), ASK);
  put(join(place, 'node_modules'), join(place, 'src'));
  const { stdout } = await promisify(execFile)(process.execPath, [join(place, 'ask.ts')]);
  return JSON.parse(stdout);
}

function putKoffi(modules: string): void {
  const lean = (path: string) => !['doc', 'vendor'].includes(basename(path));
  cpSync(KOFFI, join(modules, 'koffi'), { recursive: true, filter: lean });
}

/** With its binaries as they are after `change`. */
function putBinaries(modules: string, change: (binary: Buffer) => Buffer): void {
  putKoffi(modules);
  const ours = join(modules, '@koromix');
  cpSync(join(KOFFI, '..', '@koromix'), ours, { recursive: true });
  for (const name of readdirSync(ours, { recursive: true, encoding: 'utf8' })) {
    const path = join(ours, name);
    if (name.endsWith('.node')) writeFileSync(path, change(readFileSync(path)));
  }
}

function ofAnotherProcessor(binary: Buffer): Buffer {
  const machine = binary.readUInt16LE(MACHINE_AT);
  binary.writeUInt16LE(machine === EM_X86_64 ? EM_AARCH64 : EM_X86_64, MACHINE_AT);
  return binary;
}

if (platformHasBatches()) {
  t.test('with the whole library in the same place it answers in batches', async (t) => {
    const told = await askAt(t, (modules) => putBinaries(modules, (binary) => binary));
    t.same(told, { ok: true, batched: true, warned: [] });
  });

  const places: readonly [string, (modules: string, source: string) => void][] = [
    ['the library is missing', () => {}],
    ['the library has no binary', putKoffi],
    [
      'its binary is no library',
      (modules) => putBinaries(modules, () => Buffer.from('version https://example.org/pointer')),
    ],
    ['its binary is another processor’s', (modules) => putBinaries(modules, ofAnotherProcessor)],
    [
      'the thread cannot be had',
      (modules, source) => {
        putBinaries(modules, (binary) => binary);
        rmSync(join(source, 'batched', 'batch-worker.ts'));
      },
    ],
  ];
  for (const [what, put] of places) {
    t.test(`where ${what}, it answers one datagram at a time and says why`, async (t) => {
      const { ok, batched, warned } = await askAt(t, put);
      t.ok(ok, 'it answered');
      t.notOk(batched);
      t.equal(warned.length, 1, JSON.stringify(warned));
      t.match(warned[0]?.message, /^STUN answers one datagram at a time/);
      t.ok(warned[0]?.fault);
      t.notMatch(warned[0]?.fault, /\n/);
    });
  }
}
