// The command line as processes, for tests of whoever works with it. Needs Node.

export { AgentProcess } from './agent-process.ts';
export { revealedBy } from './revealed-addresses.ts';
export { COMMAND, runCommand } from './run-command.ts';
export { TestNode } from './test-node.ts';
export { TranslatedStun } from './translated-stun.ts';
export { hasTurnServer, TurnServer } from './turn-server.ts';
