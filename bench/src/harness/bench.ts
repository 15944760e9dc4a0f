// What the harness asks of a bench: contestants it can start and stop, and one sample of one contestant.
// The first contestant is ours; the others are its peers.

/** Figures of one run of one contestant, by name. A dot in a name is one level of the JSON. */
export type Sample = Readonly<Record<string, number>>;

/** How much is asked for, where seconds are not the measure. */
export interface Extent {
  readonly kills: number;
  readonly minutes: number;
}

export const USUAL_EXTENT: Extent = { kills: 50, minutes: 10 };

export interface Contestant {
  /** The key in the JSON; `ours` for the first, a peer's name for the others. */
  readonly key: string;
  /** What was run, with its version and options. */
  readonly what: string;
  /** Starts it afresh, measures it once and stops it, whatever happens in between. */
  measure(seconds: number, extent?: Extent): Promise<Sample>;
}

/** A figure of ours divided by the same figure of one peer. */
export interface RatioSpec {
  readonly key: string;
  readonly figure: string;
  /** The contestant that is ours, where that is another configuration than the first. */
  readonly of?: string;
  readonly peer: string;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** Undefined when this machine can run it, else what is missing and where it comes from. */
  lacks(): Promise<string | undefined>;
  contestants(): Promise<readonly Contestant[]>;
  /** Clears away what the contestants were prepared with, also after a failure. */
  discard?(): Promise<void>;
  /** Where one long round says more than several short ones. */
  readonly usualRounds?: number;
  readonly ratios: readonly RatioSpec[];
}
