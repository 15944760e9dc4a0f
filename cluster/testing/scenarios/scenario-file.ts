// The text of a scenario. A title in its first comment quotes the behaviours it shows; then come commands,
// one a line, each followed by the trace it is expected to leave, indented by two spaces.

export interface ScenarioCommand {
  /** From 1, for messages to whoever wrote the file. */
  readonly line: number;
  readonly words: readonly string[];
}

interface CommandBlock extends ScenarioCommand {
  readonly kind: 'command';
  readonly text: string;
}

/** A comment or an empty line, kept as it is. */
interface ProseBlock {
  readonly kind: 'prose';
  readonly text: string;
}

export interface Scenario {
  /** As a test's title: `[C17] [C63] words`. */
  readonly title: string;
  readonly blocks: readonly (CommandBlock | ProseBlock)[];
}

/** A scenario that cannot be read or run; says the line and what would be right. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly line: number;
  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
    this.line = line;
  }
}

const SCENARIO_BYTES_MAX = 256 * 1024;
const TITLE = /^# ((?:\[[CX]\d{2,3}\] )+\S.*)$/;
const COMMAND = /^[a-z][ -~]*$/;
const TRACE_INDENT = '  ';

export function parseScenario(text: string): Scenario {
  if (text.length > SCENARIO_BYTES_MAX) {
    throw new ScenarioError(1, `a scenario has at most ${SCENARIO_BYTES_MAX} bytes; split it`);
  }
  const lines = text.replace(/\n$/, '').split('\n');
  const title = TITLE.exec(lines[0] ?? '')?.[1];
  if (title === undefined) {
    throw new ScenarioError(1, 'the first line is a comment such as "# [C17] what is shown"');
  }
  const blocks: (CommandBlock | ProseBlock)[] = [];
  let mayTrace = false;
  for (const [at, text] of lines.entries()) {
    const line = at + 1;
    if (text.startsWith(TRACE_INDENT)) {
      if (!mayTrace) throw new ScenarioError(line, 'a trace stands right below its command');
    } else if (text === '' || text.startsWith('#')) {
      blocks.push({ kind: 'prose', text });
      mayTrace = false;
    } else if (COMMAND.test(text)) {
      blocks.push({ kind: 'command', line, text, words: text.trim().split(/ +/) });
      mayTrace = true;
    } else {
      throw new ScenarioError(line, 'neither a command, a comment, nor a trace (two spaces)');
    }
  }
  return { title, blocks };
}

/** The scenario with the trace that each command left. */
export function renderScenario(
  { blocks }: Scenario,
  run: (command: ScenarioCommand) => readonly string[],
): string {
  const lines = blocks.flatMap((block) =>
    block.kind === 'prose'
      ? [block.text]
      : [block.text, ...run(block).map((line) => TRACE_INDENT + line)],
  );
  return `${lines.join('\n')}\n`;
}
