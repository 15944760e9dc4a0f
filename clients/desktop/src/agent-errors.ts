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
} as const;

export type AgentErrorCode = keyof typeof AGENT_ERRORS;

export class AgentError extends Error {
  readonly code: AgentErrorCode;
  constructor(code: AgentErrorCode, detail = '', options?: ErrorOptions) {
    const { message, remedy } = AGENT_ERRORS[code];
    super(`${code}: ${[message, detail, remedy].filter(Boolean).join(' ')}`, options);
    this.name = 'AgentError';
    this.code = code;
  }
}
