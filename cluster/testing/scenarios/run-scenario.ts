// Plays a scenario, and gives back its text with the trace it really leaves.

import { COMMANDS } from './commands.ts';
import {
  parseScenario,
  renderScenario,
  type ScenarioCommand,
  ScenarioError,
} from './scenario-file.ts';
import { Words } from './words.ts';
import { LIMITS, NODES_MAX, World } from './world.ts';

export function runScenario(text: string): string {
  let world: World | undefined;
  return renderScenario(parseScenario(text), (command) => {
    const words = new Words(command);
    try {
      const [name = ''] = command.words;
      if (name === 'nodes') world = worldOf(words);
      else {
        const run = COMMANDS.get(name);
        if (run === undefined) throw words.refusal(`there is no command "${name}"`);
        if (world === undefined) throw words.refusal('the first command is "nodes COUNT"');
        run(world, words);
      }
      words.end();
    } catch (error) {
      throw atLine(error, command);
    }
    return world.takeTrace();
  });
}

/** `nodes COUNT [electionTicks=T] [heartbeatTicks=T] [LIMIT=VALUE...]` */
function worldOf(words: Words): World {
  const count = words.number('how many nodes');
  if (count < 1 || count > NODES_MAX) throw words.refusal(`there are 1 to ${NODES_MAX} nodes`);
  const limits = Object.entries(LIMITS).map(([name, value]) => [
    name,
    words.numberOption(name) ?? value,
  ]);
  return new World(count, {
    electionTicks: words.numberOption('electionTicks') ?? 10,
    heartbeatTicks: words.numberOption('heartbeatTicks') ?? 2,
    limits: { ...LIMITS, ...Object.fromEntries(limits) },
  });
}

/** A broken promise of the core is a failure of the line that brought it out. */
function atLine(error: unknown, { line }: ScenarioCommand): unknown {
  if (error instanceof ScenarioError || !(error instanceof Error)) return error;
  return new ScenarioError(line, error.message);
}
