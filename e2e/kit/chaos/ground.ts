// What nodes stand on: addresses, and ways between them.

/** One direction of one connection, by the numbers of the nodes. */
export interface Way {
  readonly from: number;
  readonly to: number;
}

export interface Ground {
  addressOf(node: number): string;
  /** What goes before the command of a node, so that it runs there under the same process id. */
  enter(node: number): readonly string[];
  /** Cuts these ways and mends all others. */
  cutOnly(ways: readonly Way[]): Promise<void>;
  /** Ends what still runs on it. */
  remove(): Promise<void>;
}
