// What `npm start` and the `rockpool` command refuse, for the people who run them: one table, from which
// docs/errors.md is generated. The words printed name the port, path or node that is meant; the code stands
// behind them.

interface OperatorError {
  readonly message: string;
  readonly remedy: string;
}

const entry = (message: string, remedy: string): OperatorError => ({ message, remedy });

export const OPERATOR_ERRORS = {
  LAUNCHER_PORT_IN_USE: entry(
    'The port that people open is taken by another program, perhaps another Rockpool.',
    'Stop that program, or choose another port: npm start -- --port 8081.',
  ),
  LAUNCHER_PORT_FORBIDDEN: entry(
    'This user may not listen on the port that people open.',
    'Choose one above 1023.',
  ),
  LAUNCHER_NO_STUN_PORT: entry(
    'No UDP port from 3478 on is free for STUN.',
    'Stop what holds them all; 200 are tried.',
  ),
  LAUNCHER_NODE_COUNT: entry(
    'The data is of a cluster with another number of nodes.',
    'Start with --nodes and that number, or begin anew with --fresh.',
  ),
  LAUNCHER_DATA_PARTIAL: entry(
    'The data directory holds only a part of a cluster, as after a first start that was cut off.',
    'Begin anew with --fresh.',
  ),
  LAUNCHER_DATA_VERSION: entry(
    'The data was made by another version of Rockpool.',
    'Begin anew with --fresh, or go back to that version.',
  ),
  LAUNCHER_DATA_FOREIGN: entry(
    '--fresh does not delete a directory that no launcher made.',
    'Name another directory with --data, or empty this one yourself.',
  ),
  LAUNCHER_BUILD_FAILED: entry(
    'The web client could not be built; the lines before say why.',
    'Run npm ci once more; if you changed the client, npm run check names the mistake.',
  ),
  CLI_CONFIG_INVALID: entry(
    'Some of the configuration makes no sense. All mistakes are named at once.',
    'Correct them in the environment or the file of ROCKPOOL_CONFIG; rockpool help lists the names.',
  ),
  CLI_INIT_PARTIAL: entry(
    'Some, but not all, of the data directories hold a node already.',
    'If data was lost, leave what is there alone: a new node takes the place of a lost one (rockpool token, join, replace); where most are lost, rockpool recover goes on from one. After a first start that was cut off, empty all of them.',
  ),
  CLI_BACKUP_EXISTS: entry(
    'A file with the name of the new backup is there already.',
    'Name another one: a backup never goes over a file.',
  ),
  CLI_BACKUP_UNWRITABLE: entry(
    'The backup cannot be written there, or not to its end.',
    'Look for a full disk, and for the rights of the directory; what was written of it was removed.',
  ),
  CLI_BACKUP_UNREADABLE: entry(
    'The backup cannot be read.',
    'Check that the file is there, and that this user may read it.',
  ),
  CLI_RECOVER_UNCONFIRMED: entry(
    'A recovery can lose data, and was not confirmed.',
    'Type the words that it asks for, or add --yes.',
  ),
  CLI_NO_TERMINAL: entry(
    'A first-admin link or a join token is a secret, and the output is no terminal.',
    'Add --print if it may go there.',
  ),
  CLI_NODE_PORT_IN_USE: entry(
    'A port of this node is taken by another program.',
    'Stop that program, or choose another port by environment.',
  ),
  TURN_SECRET_FILE: entry(
    'The file with the secret or the password of the TURN server cannot be used.',
    'Name a file that this user may read and that holds one word; the printed line says what is wrong with it.',
  ),
  CLI_DEPARTURE_SLOW: entry(
    'The node has not left every group yet. The cluster goes on with it by itself.',
    'Look whether the nodes that stay are connected (rockpool status); the same command again shows how far it is.',
  ),
  NODE_UNREACHABLE: entry(
    'No node is running on this data directory, or it belongs to another user of this machine.',
    'Start the node, name the right directory with --data, or run the command as its user.',
  ),
} as const satisfies Readonly<Record<string, OperatorError>>;

export type OperatorErrorCode = keyof typeof OPERATOR_ERRORS;

/** An expected failure of a start, with the words to print. */
export class OperatorFailure extends Error {
  readonly code: OperatorErrorCode;

  constructor(code: OperatorErrorCode, words: string, options?: ErrorOptions) {
    super(operatorWords(code, words), options);
    this.name = 'OperatorFailure';
    this.code = code;
  }
}

/** What is printed: words for this very case, and the code that docs/errors.md explains. */
export function operatorWords(code: OperatorErrorCode, words: string): string {
  return `${words} (${code})`;
}
