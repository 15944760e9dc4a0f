// The reasons for which the agent refuses to start, stops, or cannot do what it was asked. Every one of
// them names what its person can do; docs/errors.md is generated from this table.

interface AgentErrorEntry {
  readonly message: string;
  readonly remedy: string;
}

const entry = (message: string, remedy: string): AgentErrorEntry => ({ message, remedy });

const LINK_ANEW =
  'Move the directory away and link this device anew: its pools come back from their other devices.';

export const AGENT_ERRORS = {
  AGENT_RUNNING: entry(
    'An agent is running on this data directory.',
    'Use that one or stop it first; one directory belongs to one agent.',
  ),
  AGENT_DIRECTORY_UNUSABLE: entry(
    'The data directory cannot be used.',
    'Name a directory on a local disk that belongs to you and to nobody else.',
  ),
  AGENT_STORE_DAMAGED: entry(
    'The store has lost or changed something that was written to it. The agent refuses to go on.',
    `Check the disk. ${LINK_ANEW}`,
  ),
  AGENT_STORE_VERSION: entry(
    'The data was written by another version of Rockpool.',
    'Start the version that wrote it.',
  ),
  AGENT_STORE_OPEN_FAILED: entry(
    'The store cannot be opened.',
    'Check that the data directory belongs to you and that the disk is sound.',
  ),
  AGENT_STORE_WRITE_FAILED: entry(
    'A write to the store failed. The agent stops, since it no longer knows what lies on the disk.',
    'Look for a full or broken disk, then start the agent again.',
  ),
  AGENT_DISK_FULL: entry(
    'There is no room left on the disk of the data directory.',
    'Free some space and try again.',
  ),
  AGENT_KEYRING_LOCKED: entry(
    'The keyring of this computer is locked, or refuses the agent.',
    'Log in and unlock the keyring, then start the agent again.',
  ),
  AGENT_KEYRING_UNAVAILABLE: entry(
    'This device was set up with a keyring that cannot be reached now.',
    'Start the agent within the session that it was set up in, where the keyring runs.',
  ),
  AGENT_KEYRING_EMPTY: entry(
    "The keyring no longer holds this device's key.",
    `Bring the entry back from a backup of the keyring. Without it: ${LINK_ANEW}`,
  ),
  AGENT_PASSPHRASE_NEEDED: entry(
    "A passphrase must seal this device's keys, and none was given.",
    'Start the agent on a terminal, or name a file with the passphrase in ROCKPOOL_PASSPHRASE_FILE.',
  ),
  AGENT_PASSPHRASE_UNFIT: entry(
    'The passphrase is too short or too long.',
    'Choose one of 12 to 256 characters; several words are easy to remember.',
  ),
  AGENT_PASSPHRASE_WRONG: entry(
    'The passphrase is not the one that this device was set up with.',
    'Try again; mind the keyboard layout and capitals.',
  ),
  AGENT_KEY_FILE_DAMAGED: entry(
    "The file master-key, which seals this device's keys, cannot be read.",
    `Bring the file back from a backup. Without it: ${LINK_ANEW}`,
  ),
  AGENT_KEYS_DAMAGED: entry(
    "This device's keys do not open with its master key: one of the two is not the one that belongs here.",
    `Put back the directory as it was; parts of two of them do not mix. Without that: ${LINK_ANEW}`,
  ),

  AGENT_NOT_RUNNING: entry(
    'No agent is running on this data directory.',
    'Start it in another terminal with `rockpool agent`, or name its directory with --data.',
  ),
  AGENT_NOT_LINKED: entry(
    'This device belongs to no account yet.',
    'Finish what `rockpool agent` asks for in its terminal, then try again.',
  ),
  AGENT_STOPPED: entry(
    'The agent ended while this command was waiting.',
    'Start `rockpool agent` again and repeat the command; transfers go on where they stopped.',
  ),
  AGENT_VERSION: entry(
    'The agent and this command are of different versions of Rockpool.',
    'Stop the agent and start it again from this installation.',
  ),
  AGENT_BUSY: entry(
    'Too many commands are talking to the agent.',
    'Wait until some of them have ended.',
  ),
  AGENT_SOCKET: entry(
    'The agent could not open the socket in its data directory.',
    'Name a directory on a local disk with a path of at most 90 characters.',
  ),
  AGENT_FAILED: entry(
    'Something went wrong in the agent.',
    'Try again; if it happens again, start the agent anew and report what you did.',
  ),
  AGENT_SERVER_MISSING: entry(
    'A first start has to know the server.',
    'Say where people open Rockpool: rockpool agent --server https://pool.example.org.',
  ),
  AGENT_SERVER_OTHER: entry(
    'This data directory belongs to a device of another server.',
    'Leave out --server, or use another directory for another server: --data DIR.',
  ),
  AGENT_SETTINGS: entry(
    'The settings in the data directory cannot be read.',
    'Make the file readable or restore it; without it, link a device anew in an empty directory.',
  ),
  AGENT_LINK_UNUSED: entry(
    'Nobody used any of the codes that were shown.',
    'Run `rockpool agent` again when another of your devices is at hand.',
  ),
  AGENT_LINK_UNANSWERED: entry(
    'The question whether the digits are the same got no answer.',
    'Run `rockpool agent` in a terminal, or with --json by a program that answers.',
  ),
  POOL_UNKNOWN: entry(
    'You are in no pool of this name.',
    '`rockpool pools` lists those that --to and --from can name.',
  ),
  POOL_AMBIGUOUS: entry(
    'Several pools begin like this.',
    'Say more of the name, or the beginning of the id that `rockpool pools` shows.',
  ),
  ENTRY_UNKNOWN: entry('The agent knows no such file any more.', 'Run the command again.'),
  TEXT_EMPTY: entry('There is nothing to say.', 'Give a text, or `-` to read it from the input.'),
  TEXT_TOO_LONG: entry('The text is longer than 32 KiB.', 'Send it as a file.'),
  SEND_UNREADABLE: entry(
    'A file cannot be read.',
    'Name files that exist and that you may read; a folder can be sent as an archive.',
  ),
  SEND_CHANGED: entry(
    'A file changed while it was read.',
    'Wait until it is written completely, then send it again.',
  ),
  SAVE_FULL: entry(
    'There is no room left where the file was to be saved.',
    'Free some space and receive again; the agent still holds the file.',
  ),
  SAVE_FAILED: entry(
    'The file could not be saved.',
    'Name a directory that you may write with --into; the agent still holds the file.',
  ),
  TIME_OVER: entry(
    'The time given with --timeout is over.',
    'What was begun goes on in the agent; wait longer or repeat the command.',
  ),
} as const satisfies Readonly<Record<string, AgentErrorEntry>>;

export type AgentErrorCode = keyof typeof AGENT_ERRORS;

export class AgentError extends Error {
  readonly code: AgentErrorCode;
  /** What stands between the message and the remedy: the file, pool or directory that is meant. */
  readonly detail: string;
  constructor(code: AgentErrorCode, detail = '', options?: ErrorOptions) {
    const { message, remedy } = AGENT_ERRORS[code];
    super(`${code}: ${[message, detail, remedy].filter(Boolean).join(' ')}`, options);
    this.name = 'AgentError';
    this.code = code;
    this.detail = detail;
  }
}
