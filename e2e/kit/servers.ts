/** What stands behind a stage, whoever runs it: a launcher's cluster, or a deployment in containers. */
export interface Servers {
  /** Authorities of its own that a browser must take, as `openBrowser` wants them. */
  readonly trustedKeys: readonly string[];
  /** What its processes printed last, for somebody who reads a failure. */
  lastWords(): Promise<string>;
  /** Stops everything, and deletes the data that this start made. */
  discard(): Promise<void>;
}
