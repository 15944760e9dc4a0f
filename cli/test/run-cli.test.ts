import t from 'tap';
import {
  type CommandGroup,
  readArguments,
  readOptions,
  readSeconds,
  runCli,
  UsageError,
} from '../src/index.ts';

function group(name: string, run: (args: readonly string[]) => number): CommandGroup {
  const command = { name, summary: `does ${name}`, usage: `rockpool ${name} [--x]` };
  const commands = [
    { ...command, run: async ({ args }: { args: readonly string[] }) => run(args) },
  ];
  return { title: `Of ${name}:`, commands, settings: `Settings of ${name}` };
}

async function run(args: readonly string[]) {
  const loaded: string[] = [];
  const out: string[] = [];
  const errors: string[] = [];
  const loader = (name: string, of: (args: readonly string[]) => number) => async () => {
    loaded.push(name);
    return group(name, of);
  };
  const loaders = [
    loader('quick', (given) => given.length),
    loader('slow', () => {
      throw new UsageError('not like this');
    }),
  ];
  const terminal = {
    out: (text: string) => void out.push(text),
    error: (text: string) => void errors.push(text),
    interactive: false,
    columns: () => 80,
    input: (async function* () {})(),
  };
  const code = await runCli(loaders, { args, env: {}, terminal, stopped: Promise.resolve() });
  return { code, loaded, out: out.join('\n'), errors: errors.join('\n') };
}

t.test('a command is found by name, and nothing is loaded that it does not need', async (t) => {
  t.match(await run(['quick', 'a', 'b']), { code: 2, loaded: ['quick'], out: '', errors: '' });
  t.match(await run(['slow']), {
    code: 2,
    loaded: ['quick', 'slow'],
    errors: 'not like this\n\nrockpool slow [--x]',
  });
  t.match(await run(['quick', '--help']), { code: 0, out: 'does quick\n\nrockpool quick [--x]' });
  t.match(await run(['quick', '--', '--help']), { code: 2, out: '' }, 'behind -- it is text');
});

t.test('help shows every group, then what can be set', async (t) => {
  const help = await run([]);
  t.equal(help.code, 0);
  t.match(help.out, /Of quick:\n {2}quick +does quick\n\nOf slow:\n.*\n\nSettings of quick\n/);
  t.match(await run(['dance']), { code: 2, errors: /no command "dance"\.\n\nUsage/ });
});

t.test('options that make no sense are told in words', (t) => {
  t.throws(() => readOptions(['--nope'], {}), { message: /Unknown option '--nope'/ });
  t.throws(() => readOptions(['word'], {}), { message: /Unexpected argument 'word'/ });
  t.same(readArguments(['word', '--', '-x'], {}).positionals, ['word', '-x']);
  t.equal(readSeconds('0.5'), 0.5);
  for (const wrong of ['0', '-1', '1e9', 'soon', '99999999999', '']) {
    t.throws(() => readSeconds(wrong), { message: `${wrong} is not a number of seconds` });
  }
  t.end();
});
