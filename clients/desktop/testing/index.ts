// The command line as processes, for tests of whoever works with it. Needs Node.

export { AgentProcess } from './agent-process.ts';
export { COMMAND, runCommand } from './run-command.ts';
export { TranslatedStun } from './translated-stun.ts';
export { hasTurnServer, TurnServer } from './turn-server.ts';
