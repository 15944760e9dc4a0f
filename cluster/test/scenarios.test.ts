// Each file of test/scenarios is a test: commands for the pure core, and the trace that they leave. After a
// change that is meant to change traces: npx node cluster/testing/scenarios/main.ts --rewrite

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { runScenario } from '../testing/scenarios/run-scenario.ts';
import { parseScenario, ScenarioError } from '../testing/scenarios/scenario-file.ts';

const DIRECTORY = join(import.meta.dirname, 'scenarios');

const scenarios = readdirSync(DIRECTORY).map((name) => ({
  name,
  text: readFileSync(join(DIRECTORY, name), 'utf8'),
}));

for (const { name, text } of scenarios) {
  t.test(`${name}: ${parseScenario(text).title}`, async (t) => {
    t.equal(runScenario(text), text);
  });
}

const HEAD = '# [C03] a scenario\nnodes 3\n';

t.test('a scenario that says something else than happens is told apart', async (t) => {
  const text = `${HEAD}status 1\n  1 leader\n`;
  t.not(runScenario(text), text);
  t.equal(runScenario(runScenario(text)), runScenario(text), 'what was rewritten stays');
});

t.test('a scenario that cannot be read or run is refused, with the line', async (t) => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['nodes 3\n', /line 1: the first line is a comment/],
    ['# no behaviour\nnodes 3\n', /line 1: the first line is a comment/],
    ['# [C03] words\n  trace\n', /line 2: a trace stands right below/],
    ['# [C03] words\nstatus\n', /line 2: the first command is "nodes COUNT"/],
    ['# [C03] words\nnodes 10\n', /line 2: there are 1 to 9 nodes/],
    [`${HEAD}newcomer 3\n`, /line 3: its id is a free digit/],
    ['# [C03] words\nnodes many\n', /line 2: how many nodes is a number/],
    [`${HEAD}\tstatus\n`, /line 3: neither a command/],
    [`${HEAD}dance 1\n`, /line 3: there is no command "dance"/],
    [`${HEAD}tick 4 1\n`, /line 3: there is no node "4"/],
    [`${HEAD}tick 1\n`, /line 3: ticks is missing/],
    [`${HEAD}tick 1 1001\n`, /line 3: ticks: 1 to 1000/],
    [`${HEAD}tick 1 1 1\n`, /line 3: "1" is more than the command takes/],
    [`${HEAD}deliver 1 2\n`, /line 3: nothing is on its way there/],
    [`${HEAD}persist 1\n`, /line 3: no batch is being written/],
    [`${HEAD}restart 1\n`, /line 3: 1 runs: crash it first/],
    [`${HEAD}forge gossip from=1 to=2 term=1\n`, /line 3: there is no message of the kind/],
    [`${HEAD}forge append from=1 to=2 term=1 previous=1\n`, /line 3: "1" is no place/],
    [`${HEAD}forge append from=1 to=2\n`, /line 3: from=, to= and term= are missing/],
    [`${HEAD}forge append from=1 to=2 term=1 term=2\n`, /line 3: "term=2" comes twice/],
  ];
  for (const [text, message] of refused) t.throws(() => runScenario(text), { message }, text);
});

t.test('a leader beside a leader of the same term is an error of its line', async (t) => {
  const forged = ['preVoteReply', 'voteReply'].map((kind) => `forge ${kind} from=3 to=2 term=1`);
  const text = [HEAD.trim(), 'elect 1', 'given 2', 'campaign 2', ...forged].join('\n');
  t.throws(() => runScenario(text), { message: /line 7: 1 and 2 both lead in term 1/ });
});

t.test('any text is played or refused by a line', async (t) => {
  const word = fc.constantFrom(
    'tick',
    'elect',
    'deliver',
    'forge',
    'append',
    '1',
    '2',
    '*',
    'a=b',
    '1@1',
  );
  const line = fc.array(word, { maxLength: 5 }).map((words) => words.join(' '));
  const text = fc.oneof(
    fc.string(),
    fc.array(line, { maxLength: 6 }).map((lines) => HEAD + lines.join('\n')),
  );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(text, (text) => {
        try {
          runScenario(text);
        } catch (error) {
          if (!(error instanceof ScenarioError)) throw error;
        }
      }),
    ),
  );
});
