// The reasons for which a node refuses to start, refuses to serve, or stops. Every one of them names
// what an operator can do; docs/errors.md is generated from this table.

export const NODE_ERRORS = {
  STORE_DAMAGED: 'A stored value failed its checksum. The node refuses to serve it.',
  STORE_HOLE: 'The store lost a batch or log entries in its middle. The node refuses to start.',
  STORE_VERSION: 'The data was written by another format version. Start with --fresh.',
  STORE_IN_USE: 'Another process holds this data directory.',
  STORE_WRITE_FAILED: 'A write to the store failed. The node stops.',
  STORE_OPEN_FAILED: 'The store cannot be opened.',
  STORE_EMPTY: 'The data directory names a known node but its store is empty.',
  STORE_FOREIGN: 'The store belongs to another node or cluster than node.json names.',
  NODE_NOT_INITIALISED: 'The data directory was never initialised.',
  NODE_ALREADY_INITIALISED: 'The data directory is initialised already.',
  NODE_FILE_INVALID: 'node.json, node.key or node.crt cannot be read.',
  NODE_OPTIONS_INVALID: 'The options of the cluster make no sense together.',
  FEATURE_LEVEL: 'The cluster uses features that this version does not know.',
  PEER_LISTEN_FAILED: 'The peer port cannot be opened.',
  PEER_UNKNOWN_KEY: 'The certificate is not listed for this node in the membership.',
  PEER_INCARNATION: 'A peer remembers another incarnation or a later boot of this node.',
  PEER_WRONG_CLUSTER: 'The frame names another cluster.',
  PEER_FRAME_REFUSED: 'The frame cannot be read.',
} as const;

export type NodeErrorCode = keyof typeof NODE_ERRORS;

export class NodeError extends Error {
  readonly code: NodeErrorCode;
  constructor(code: NodeErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${NODE_ERRORS[code]} ${detail}`.trim(), options);
    this.name = 'NodeError';
    this.code = code;
  }
}

/** A stored value whose checksum does not match: it is never served. */
export class StoreDamagedError extends NodeError {
  constructor(detail: string) {
    super('STORE_DAMAGED', detail);
    this.name = 'StoreDamagedError';
  }
}
