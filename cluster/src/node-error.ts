// The reasons for which a node refuses to start, refuses to serve, or stops. Every one of them names
// what an operator can do; docs/errors.md is generated from this table.

interface NodeErrorEntry {
  readonly message: string;
  readonly remedy: string;
}

const entry = (message: string, remedy: string): NodeErrorEntry => ({ message, remedy });

const GO_ON =
  'the other nodes go on, and another node can take its place (rockpool token, join, replace).';

export const NODE_ERRORS = {
  STORE_DAMAGED: entry(
    'A stored value failed its checksum. The node refuses to serve it.',
    `Check the disk. Leave the node stopped: ${GO_ON}`,
  ),
  STORE_HOLE: entry(
    'The store lost a batch or log entries in its middle. The node refuses to start.',
    `Check the disk. Leave the node stopped: ${GO_ON}`,
  ),
  STORE_BEHIND: entry(
    'The store lost the newest of what it had confirmed. The node refuses to start: it has forgotten promises.',
    `Put the newest data back if this is an old copy. Else check the disk and leave the node stopped: ${GO_ON}`,
  ),
  STORE_VERSION: entry(
    'The data was written by another format version.',
    'Use the version that wrote it, or begin anew: start with --fresh, or with an empty directory.',
  ),
  STORE_IN_USE: entry(
    'Another process holds this data directory.',
    'Stop that node first; one directory belongs to one process.',
  ),
  STORE_WRITE_FAILED: entry(
    'A write to the store failed. The node stops.',
    'Look for a full or broken disk, then start the node again.',
  ),
  STORE_OPEN_FAILED: entry(
    'The store cannot be opened.',
    "Check that the directory exists and belongs to the node's user, and that the disk is sound.",
  ),
  STORE_EMPTY: entry(
    'The data directory names a known node but its store is empty.',
    `Bring the whole directory back if it was moved. Else leave the node stopped: ${GO_ON}`,
  ),
  STORE_FOREIGN: entry(
    'The store belongs to another node or cluster than node.json names.',
    'Put back the directory as init made it; parts of two of them do not mix.',
  ),
  NODE_NOT_INITIALISED: entry(
    'The data directory was never initialised.',
    'Name the right directory in ROCKPOOL_DATA. In an empty one rockpool join makes a node of a cluster that runs, rockpool init a new cluster.',
  ),
  NODE_ALREADY_INITIALISED: entry(
    'The data directory is initialised already.',
    'Nothing to do; for a new cluster name an empty directory.',
  ),
  NODE_FILE_INVALID: entry(
    'node.json, node.key or node.crt cannot be read.',
    "Check that all three are there and belong to the node's user.",
  ),
  MEMBER_UNKNOWN: entry(
    'The cluster has no node of this name or id.',
    'Name one that rockpool status lists. A node that has left is not among them any more.',
  ),
  MEMBER_NAME_TAKEN: entry(
    'Another node of the cluster has this name.',
    'Choose another name for the new node.',
  ),
  MEMBER_KEY_TAKEN: entry(
    'The cluster lists this node or its key already, with other particulars.',
    'Join with an empty data directory: it gets an id and a key of its own.',
  ),
  MEMBER_HAS_LEFT: entry(
    'This node has left the cluster. Its id and key never come back.',
    'Join with an empty data directory: it gets an id and a key of its own.',
  ),
  MEMBERS_TOO_MANY: entry(
    'The cluster has as many nodes as it can have.',
    'Remove a node before another one joins.',
  ),
  MEMBER_LAST: entry('The last node of a cluster cannot leave it.', 'Let another node join first.'),
  MEMBER_NEEDED: entry(
    'Without this node, too few running nodes would be left to agree on anything. Nothing was changed.',
    'Start the nodes that are away or let another node join; or remove one of those that are away instead.',
  ),
  MEMBER_ITSELF: entry(
    'A node cannot see its own departure through.',
    'Run the command on another node of the cluster.',
  ),
  JOIN_TOKEN_UNREADABLE: entry(
    'This is no join token, or only a part of one.',
    'Copy the whole line that rockpool token printed.',
  ),
  JOIN_TOKEN_REFUSED: entry(
    'The member does not take this token: it was used, is older than an hour, or its node was started again since.',
    'Make another one with rockpool token, on a running node.',
  ),
  JOIN_REQUEST_REFUSED: entry(
    'Somebody at the join door said something other than a request to join.',
    'If a new node said so, let it run the version of Rockpool that the members run. Else a stranger tried the peer port.',
  ),
  JOIN_WRONG_MEMBER: entry(
    'Whoever answers at the address in the token is not the member that made it. Nothing was said to it.',
    'Check the address; a member behind another one is named by rockpool token --address HOST:PORT.',
  ),
  JOIN_UNREACHABLE: entry(
    'The member that the token names cannot be reached. Nothing was changed.',
    'Check that it runs and that its peer port is open to this machine; rockpool token --address HOST:PORT names another way.',
  ),
  JOIN_UNDECIDED: entry(
    'The member did not say that the node is in. The cluster may list it all the same.',
    'Look at rockpool status on a member: if it lists the new node, rockpool remove it there; then join again with a new token.',
  ),
  NODE_OPTIONS_INVALID: entry(
    'The options of the cluster make no sense together.',
    'Correct what is named.',
  ),
  NODE_THREAD_FAILED: entry(
    'The thread of the cluster ended by itself: a fault of Rockpool, or too little memory. The node stops.',
    'Start the node again: nothing acknowledged is lost. If it happens again, report it with the lines of the log before it.',
  ),
  FEATURE_LEVEL: entry(
    'The cluster uses features that this version does not know.',
    'Start the newer version of Rockpool.',
  ),
  BACKUP_DAMAGED: entry(
    'The backup is not as it was written.',
    'Use another one; nothing of this one was restored.',
  ),
  BACKUP_VERSION: entry(
    'The backup has another format version.',
    'Restore it with the version of Rockpool that made it, or a newer one.',
  ),
  BACKUP_TARGET_NOT_EMPTY: entry(
    'A directory to restore into is not empty.',
    'Name empty directories: a restore never goes over anything.',
  ),
  RECOVER_NO_VOTE: entry(
    'The node of this data directory has no vote in a group: its data was never whole.',
    'Recover the data directory of a node that votes, or restore a backup.',
  ),
  RECOVER_OTHER_NEWER: entry(
    'Another of the directories has newer data of some groups.',
    'Recover that one, or name only the one that is to be recovered if what the other has may be lost.',
  ),
  RECOVER_OTHER_CLUSTER: entry(
    'The directories are of different clusters.',
    'Name directories of nodes of one cluster.',
  ),
  PEER_LISTEN_FAILED: entry(
    'The peer port cannot be opened.',
    'Free the port, or change ROCKPOOL_PEER_ADDRESS or ROCKPOOL_PEER_PORT.',
  ),
  PEER_UNKNOWN_KEY: entry(
    'The certificate is not listed for this node in the membership.',
    'A stranger, or a node with the data directory of another cluster: look at its address.',
  ),
  PEER_INCARNATION: entry(
    "A peer remembers another store, or a later state of this node's store.",
    'Start the node on its newest data; never start a copy or an old backup of a data directory.',
  ),
  PEER_WRONG_CLUSTER: entry(
    'The frame names another cluster.',
    'Two clusters are mixed up: check ROCKPOOL_PEERS and the addresses.',
  ),
  PEER_FRAME_REFUSED: entry(
    'The frame cannot be read.',
    'Let all nodes run the same version of Rockpool.',
  ),
} as const;

export type NodeErrorCode = keyof typeof NODE_ERRORS;

export class NodeError extends Error {
  readonly code: NodeErrorCode;
  /** What the table does not know of it. */
  readonly detail: string;
  constructor(code: NodeErrorCode, detail: string, options?: ErrorOptions) {
    const { message, remedy } = NODE_ERRORS[code];
    super(`${code}: ${[message, ended(detail), remedy].filter(Boolean).join(' ')}`, options);
    this.name = 'NodeError';
    this.code = code;
    this.detail = detail;
  }
}

/** A failure of the database under a node. */
export function storeFailure(
  code: Extract<NodeErrorCode, `STORE_${string}`>,
  detail: string,
  options?: ErrorOptions,
): NodeError {
  if (code === 'STORE_DAMAGED') return new StoreDamagedError(detail, options);
  return new NodeError(code, detail, options);
}

/** A stored value whose checksum does not match: it is never served. */
export class StoreDamagedError extends NodeError {
  constructor(detail: string, options?: ErrorOptions) {
    super('STORE_DAMAGED', detail, options);
    this.name = 'StoreDamagedError';
  }
}

/** A path or an id is no sentence, and the remedy begins one. */
function ended(detail: string): string {
  return detail === '' || /[.!?]$/.test(detail) ? detail : `${detail}.`;
}
