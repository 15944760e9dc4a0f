import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Environment, runCli } from '@rockpool/cli';
import fc from 'fast-check';
import t from 'tap';
import { serverCommands } from '../src/cli/command-group.ts';
import { readControlAnswer, readControlRequest } from '../src/control/control-messages.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'bin', 'rockpool.cjs');

async function run(args: readonly string[], env: Environment = {}, interactive = true) {
  const out: string[] = [];
  const errors: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    error: (text: string) => void errors.push(text),
    interactive,
    columns: () => 80,
    input: (async function* () {})(),
  };
  const context = { args, env, terminal, stopped: Promise.resolve() };
  const code = await runCli([async () => serverCommands], context);
  return { code, out: out.join('\n'), errors: errors.join('\n') };
}

t.test('help names every command and every variable; wrong use says how it is right', async (t) => {
  const help = await run([]);
  t.equal(help.code, 0);
  const commands = [
    'node',
    'init',
    'invite',
    'status',
    'token',
    'join',
    'remove',
    'replace',
    'stun',
  ];
  for (const word of [...commands, 'ROCKPOOL_HOST', '[7400]']) {
    t.ok(help.out.includes(word), word);
  }
  t.match(await run(['status', '--help']), { code: 0, out: /--json/ });
  t.match(await run(['dance']), { code: 2, errors: /no command "dance"/ });
  t.match(await run(['node', '--port', '1']), { code: 2, errors: /takes no options/ });
  t.match(await run(['invite']), { code: 2, errors: /--first-admin/ });
  t.match(await run(['restore', 'file', '--grace', '169']), { code: 2, errors: /from 0 to 168/ });
  t.match(await run(['recover', '--grace', 'day']), { code: 2, errors: /--grace takes hours/ });
  t.match(await run(['stun', '--port', '0']), { code: 2, errors: /not a port number/ });
  t.match(await run(['init', '--nodes', '1=a:1,2=b:1']), { code: 2, errors: /one node or three/ });
  t.match(await run(['init', '--nodes', '1=a:1,1=b:1,2=c:1']), { code: 2, errors: /same name/ });
  t.match(await run(['init', '--nodes', 'here']), { code: 2, errors: /NAME=HOST:PORT/ });
});

t.test(
  '[CFG-1] rockpool node names all mistakes of its configuration and starts nothing',
  async (t) => {
    const env = { ROCKPOOL_HTTP_PORT: 'x', ROCKPOOL_TYPO: '1' };
    const result = await run(['node'], env);
    t.equal(result.code, 2);
    for (const name of ['ROCKPOOL_HOST', 'ROCKPOOL_HTTP_PORT', 'ROCKPOOL_TYPO']) {
      t.ok(result.errors.includes(`  ${name} `), name);
    }
  },
);

t.test('rockpool init makes a cluster once, and finds it afterwards', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'rockpool-init-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const nodes = '1=node-1:7400,2=node-2:7400,3=node-3:7400';
  const data = join(dir, 'three');
  t.match(await run(['init', '--data', data, '--nodes', nodes]), { code: 0, out: /Made cluster/ });
  t.same(readdirSync(data).sort(), ['node-1', 'node-2', 'node-3']);
  t.match(await run(['init', '--data', data, '--nodes', nodes]), { code: 0, out: /nothing to do/ });
  rmSync(join(data, 'node-2'), { recursive: true });
  t.match(await run(['init', '--data', data, '--nodes', nodes]), {
    code: 1,
    errors: /no node in .*node-2, .*join, replace\./,
  });
  const env = { ROCKPOOL_DATA: join(dir, 'one') };
  t.match(await run(['init'], env), { code: 0, out: /of one node/ });
  t.match(await run(['status'], env), { code: 1, errors: /No node is running/ });
});

t.test('the first-admin link is a secret: it wants a terminal or an explicit word', async (t) => {
  const env = { ROCKPOOL_DATA: '/nowhere' };
  const silent = await run(['invite', '--first-admin'], env, false);
  t.match(silent, { code: 1, errors: /--print/ });
  t.match(await run(['invite', '--first-admin'], env), { code: 1, errors: /No node is running/ });
  t.match(await run(['invite', '--first-admin', '--print'], env, false), { errors: /No node/ });
});

t.test('commands about nodes say how they are used, and want a running node', async (t) => {
  const env = { ROCKPOOL_DATA: join(t.testdir(), 'none') };
  t.match(await run(['remove'], env), { code: 2, errors: /name one node/ });
  t.match(await run(['remove', '1', '2'], env), { code: 2, errors: /name one node/ });
  t.match(await run(['replace', '1'], env), { code: 2, errors: /name two nodes/ });
  t.match(await run(['join'], env), { code: 2, errors: /give one token/ });
  t.match(await run(['join', 'x'], env), { code: 2, errors: /--name/ });
  t.match(await run(['join', 'x', '--name', '4'], env), { code: 2, errors: /--peer-address/ });
  const join4 = ['join', 'x', '--name', '4', '--peer-address', 'host:7400'];
  t.match(await run(join4, env), { code: 1, errors: /JOIN_TOKEN_UNREADABLE: .*whole line/ });
  t.match(await run(['token'], env, false), { code: 1, errors: /--print.*CLI_NO_TERMINAL/ });
  for (const args of [['token'], ['remove', '1'], ['replace', '1', '2']]) {
    t.match(await run(args, env), { code: 1, errors: /NODE_UNREACHABLE/ }, args.join(' '));
  }
});

t.test('the installed command finds its Node and passes exit codes on', async (t) => {
  const execute = promisify(execFile);
  const { stdout } = await execute(process.execPath, [COMMAND, 'help']);
  t.match(stdout, /Usage: rockpool/);
  await t.rejects(execute(process.execPath, [COMMAND, 'dance']), { code: 2 });
});

t.test('[CFG-4] no line makes the readers of the control socket throw', (t) => {
  t.same(readControlRequest('{"op":"status"}'), { op: 'status' });
  t.same(readControlRequest('{"op":"status","x":1}'), undefined);
  const replace = { op: 'replace', former: '1', node: '2' };
  t.same(readControlRequest(JSON.stringify(replace)), replace);
  t.same(readControlRequest('{"op":"replace","former":"1","node":2}'), undefined);
  t.same(readControlRequest('{"op":"remove"}'), undefined);
  t.same(readControlRequest('{"op":"toString"}'), undefined);
  t.same(readControlAnswer('{"ok":true,"value":1}'), { ok: true, value: 1 });
  t.same(readControlAnswer('{"ok":false,"code":"A","detail":"b"}'), {
    ok: false,
    code: 'A',
    detail: 'b',
  });
  const property = fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
    readControlRequest(line);
    readControlAnswer(line);
  });
  t.doesNotThrow(() => fc.assert(property));
  t.end();
});
