// What the flood is told, and what it tells.

export interface FloodOrder {
  readonly membersPath: string;
  /** Of the nodes. */
  readonly ports: readonly number[];
  readonly sockets: number;
}

export interface FloodReport {
  /** Until every socket had shown its device, and until every one had again. */
  readonly secondsToCome: number;
  readonly secondsToReturn: number;
  /** Tries that a node refused or did not take. */
  readonly retries: number;
}
