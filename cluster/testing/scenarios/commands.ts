// What a scenario can say. A command reads its words, does something to the world, and leaves a trace; one
// that fits nowhere here is added to a table, and is known everywhere.

import type { NodeId } from '../../src/core/entry.ts';
import { forgedMessage } from './forged.ts';
import { baseText, entriesText, messageText, statusText } from './notation.ts';
import type { Letter, ScenarioNode } from './scenario-node.ts';
import type { Words } from './words.ts';
import type { World } from './world.ts';

export type Command = (world: World, words: Words) => void;

const REPEAT_MAX = 1_000;

/** What is asked of nodes. */
const INPUTS: Readonly<Record<string, Command>> = {
  /** tick NODE|* TICKS */
  tick: (world, words) => {
    const nodes = nodesOf(world, words);
    const ticks = count(words, 'ticks');
    for (let tick = 0; tick < ticks; tick += 1) {
      for (const node of nodes) node.input((raft) => raft.tick());
    }
  },
  /** campaign NODE: ticks it until its election timeout is over. */
  campaign: (world, words) => campaign(world, nodeOf(world, words)),
  /** elect NODE: it campaigns and everything is delivered; only the result is traced. */
  elect: (world, words) => {
    const node = nodeOf(world, words);
    campaign(world, node);
    world.stabilize();
    world.takeTrace();
    world.note(statusOf(node)[0] ?? '');
  },
  /** run TICKS: all nodes tick and everything is delivered after each; only outcomes are traced. */
  run: (world, words) => {
    const ticks = count(words, 'ticks');
    world.quietly(() => {
      for (let tick = 0; tick < ticks; tick += 1) {
        for (const node of world.nodes.values()) node.input((raft) => raft.tick());
        world.stabilize();
      }
    });
  },
  /** propose NODE COMMAND... [bytes=N] */
  propose: (world, words) => {
    const node = nodeOf(world, words);
    const bytes = words.numberOption('bytes') ?? 0;
    for (let command = words.word('a command'); ; ) {
      propose(world, node, command.padEnd(bytes, command));
      const next = words.optionalWord();
      if (next === undefined) return;
      command = next;
    }
  },
  /** read NODE */
  read: (world, words) => {
    const node = nodeOf(world, words);
    node.input((raft) => {
      const result = raft.readIndex();
      world.note(result.ok ? `${node.id} asks read ${result.read}` : refused(node.id, result.code));
    });
  },
  /** transfer LEADER TARGET */
  transfer: (world, words) => {
    const node = nodeOf(world, words);
    const to = words.word('the target');
    node.input((raft) => raft.transfer(to));
  },
  /** change LEADER [add=NODE,...] [promote=...] [demote=...] [remove=...] */
  change: (world, words) => {
    const node = nodeOf(world, words);
    const change = {
      addLearners: words.list('add'),
      promote: words.list('promote'),
      demote: words.list('demote'),
      remove: words.list('remove'),
    };
    node.input((raft) => {
      const result = raft.proposeConfiguration(change);
      const { id } = node;
      world.note(
        result.ok ? `${id} takes ${result.index}@${result.term}` : refused(id, result.code),
      );
    });
  },
  /** unreachable NODE PEER: its connection broke. */
  unreachable: (world, words) => {
    const node = nodeOf(world, words);
    const peer = nodeOf(world, words);
    node.input((raft) => raft.unreachable(peer.id));
  },
  /** snapshot NODE PEER: what it has applied is on its way to the peer. */
  snapshot: (world, words) => {
    const node = nodeOf(world, words);
    const to = nodeOf(world, words).id;
    const { state } = node;
    const term = node.raft?.status().term ?? 0;
    const kind = 'snapshot';
    const message = { kind, group: 1, from: node.id, to, term, base: state.base } as const;
    world.send({ message, state });
  },
  /** snapshot-ended NODE PEER received|lost */
  'snapshot-ended': (world, words) => {
    const node = nodeOf(world, words);
    const peer = nodeOf(world, words);
    const end = words.word('received or lost');
    if (end !== 'received' && end !== 'lost') throw words.refusal('it is received or lost');
    node.input((raft) => raft.snapshotEnded(peer.id, end === 'received'));
  },
};

/** What happens to messages. FROM and TO may be `*`. */
const NETWORK: Readonly<Record<string, Command>> = {
  /** deliver FROM TO [COUNT|last] */
  deliver: (world, words) => {
    for (const letter of lettersOf(world, words)) world.deliver(letter);
  },
  /** drop FROM TO [COUNT|last] */
  drop: (world, words) => {
    for (const letter of lettersOf(world, words)) world.drop(letter);
  },
  /** duplicate FROM TO [COUNT|last] */
  duplicate: (world, words) => {
    for (const letter of lettersOf(world, words)) world.duplicate(letter);
  },
  stabilize: (world) => world.stabilize(),
  /** settle: the same, and only outcomes are traced. */
  settle: (world) => world.quietly(() => world.stabilize()),
  /** cut FROM TO: what is sent this way is lost, from now on. */
  cut: (world, words) => world.cut(nodeOf(world, words).id, nodeOf(world, words).id),
  /** isolate NODE: cut in both directions from all others. */
  isolate: (world, words) => {
    const { id } = nodeOf(world, words);
    for (const other of world.nodes.keys()) {
      if (other === id) continue;
      world.cut(id, other);
      world.cut(other, id);
    }
  },
  heal: (world) => world.heal(),
  /** forge KIND from=NODE to=NODE term=TERM [field=value...]: delivered at once. */
  forge: (world, words) => {
    const checksumAt = (node: NodeId, index: number): number =>
      world.nodes.get(node)?.checksumAt(index) ?? 0;
    const message = forgedMessage(words, checksumAt);
    world.note(`${message.from} -> ${message.to} ${messageText(message)} (forged)`);
    world.nodes.get(message.to)?.receive({ message });
  },
  /** network: what is on its way. */
  network: (world) => {
    for (const { message } of world.letters) {
      world.note(`${message.from} -> ${message.to} ${messageText(message)}`);
    }
  },
};

/** What happens to processes and disks. */
const MACHINES: Readonly<Record<string, Command>> = {
  /** given NODE [term=T] [vote=NODE] [commit=C] [log=TERM,TERM...] [applied=A]: starts on a new disk that has this. */
  given: (world, words) => {
    const node = nodeOf(world, words);
    const terms = words.numberList('log');
    const term = words.numberOption('term') ?? terms.at(-1) ?? 0;
    const vote = words.option('vote');
    const commit = words.numberOption('commit') ?? 0;
    const applied = words.numberOption('applied') ?? 0;
    node.crash(0);
    node.given({ term, vote, commit }, terms, applied);
    node.start();
  },
  /** newcomer ID: one more node, on an empty disk. */
  newcomer: (world, words) => {
    const id = words.word('its id');
    if (world.nodes.has(id) || !/^[1-9]$/.test(id)) throw words.refusal('its id is a free digit');
    world.addNewcomer(id);
  },
  /** crash NODE [kept=BATCHES]: of the batches being written, the first so many are kept. */
  crash: (world, words) => nodeOf(world, words).crash(words.numberOption('kept') ?? 0),
  restart: (world, words) => {
    const node = nodeOf(world, words);
    if (node.raft !== undefined) throw words.refusal(`${node.id} runs: crash it first`);
    node.start();
  },
  /** lose NODE INDEX: its disk loses the log from there on, while the node is down. */
  lose: (world, words) => downNode(world, words).lose(words.number('the first lost index')),
  /** damage NODE INDEX: its disk gives back another command, while the node is down. */
  damage: (world, words) => downNode(world, words).damage(words.number('the damaged index')),
  /** slow-disk NODE: from now on batches become durable by `persist`. */
  'slow-disk': (world, words) => {
    nodeOf(world, words).isDiskSlow = true;
  },
  'fast-disk': (world, words) => {
    const node = nodeOf(world, words);
    node.isDiskSlow = false;
    while (node.persistOldest());
  },
  /** persist NODE [COUNT]: the oldest batches are durable. */
  persist: (world, words) => {
    const node = nodeOf(world, words);
    repeat(words, () => node.persistOldest(), 'no batch is being written');
  },
  /** slow-apply NODE: from now on pages are applied by `apply`. */
  'slow-apply': (world, words) => {
    nodeOf(world, words).isApplySlow = true;
  },
  /** apply NODE [COUNT] */
  apply: (world, words) => {
    const node = nodeOf(world, words);
    repeat(words, () => node.applyOldest(), 'nothing is to be applied');
  },
};

/** What is looked at. */
const QUESTIONS: Readonly<Record<string, Command>> = {
  /** status [NODE] */
  status: (world, words) => {
    for (const node of nodesOf(world, words, '*')) {
      for (const line of statusOf(node)) world.note(line);
    }
  },
  /** log [NODE] */
  log: (world, words) => {
    for (const { id, raft, state } of nodesOf(world, words, '*')) {
      if (raft === undefined) world.note(`${id} down`);
      else {
        const { firstIndex, lastIndex } = raft.status();
        const entries = firstIndex > lastIndex ? [] : raft.entries(firstIndex, lastIndex);
        const base = firstIndex > 1 ? `applied to ${baseText(state.base)}, then ` : '';
        world.note(`${id} ${base}${entriesText(entries) || 'no entries'}`);
      }
    }
  },
};

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [INPUTS, NETWORK, MACHINES, QUESTIONS].flatMap((table) => Object.entries(table)),
);

function campaign(world: World, node: ScenarioNode): void {
  for (let tick = 0; tick < 2 * world.electionTicks; tick += 1) {
    const before = node.raft?.status();
    node.input((raft) => raft.tick());
    const after = node.raft?.status();
    const hasBegun = after?.role === 'preCandidate' && before?.role !== 'preCandidate';
    if (hasBegun || after?.term !== before?.term) return;
  }
  world.note(`${node.id} does not campaign`);
}

function statusOf({ id, raft }: ScenarioNode): readonly string[] {
  if (raft === undefined) return [`${id} down`];
  const [own, ...followers] = statusText(raft.status());
  return [`${id} ${own}`, ...followers];
}

function propose(world: World, node: ScenarioNode, command: string): void {
  node.input((raft) => {
    const proposal = {
      command: Buffer.from(command),
      entryTimeMs: 0,
      ruleVersion: 1,
      tableEpoch: 1,
    };
    const result = raft.propose(proposal);
    if (result.ok) world.note(`${node.id} takes ${result.index}@${result.term}`);
    else {
      const leader = result.code === 'NOT_LEADER' ? `, leader ${result.leader ?? 'unknown'}` : '';
      world.note(refused(node.id, result.code + leader));
    }
  });
}

function refused(node: NodeId, why: string): string {
  return `${node} refuses (${why})`;
}

function nodeOf(world: World, words: Words): ScenarioNode {
  const id = words.word('a node');
  const node = world.nodes.get(id);
  if (node === undefined) throw words.refusal(`there is no node "${id}"`);
  return node;
}

function nodesOf(world: World, words: Words, fallback?: '*'): readonly ScenarioNode[] {
  const id = words.optionalWord() ?? fallback;
  if (id === '*') return [...world.nodes.values()];
  const node = world.nodes.get(id ?? '');
  if (node === undefined) throw words.refusal(`there is no node "${id}"`);
  return [node];
}

function downNode(world: World, words: Words): ScenarioNode {
  const node = nodeOf(world, words);
  if (node.raft !== undefined) throw words.refusal(`${node.id} runs: crash it first`);
  return node;
}

function lettersOf(world: World, words: Words): readonly Letter[] {
  const letters = world.waiting(words.word('who sent it'), words.word('who receives it'));
  if (letters.length === 0) throw words.refusal('nothing is on its way there');
  const which = words.optionalWord();
  if (which === undefined) return letters;
  if (which === 'last') return letters.slice(-1);
  if (!/^[1-9]\d?$/.test(which)) throw words.refusal(`"${which}" is neither a count nor "last"`);
  if (Number(which) > letters.length)
    throw words.refusal(`only ${letters.length} are on their way`);
  return letters.slice(0, Number(which));
}

function count(words: Words, what: string): number {
  const number = words.number(what);
  if (number < 1 || number > REPEAT_MAX) throw words.refusal(`${what}: 1 to ${REPEAT_MAX}`);
  return number;
}

function repeat(words: Words, once: () => boolean, otherwise: string): void {
  const times = words.optionalNumber('count') ?? 1;
  if (times > REPEAT_MAX) throw words.refusal(`count: 1 to ${REPEAT_MAX}`);
  for (let time = 0; time < times; time += 1) if (!once()) throw words.refusal(otherwise);
}
