/** Where the server tells what an operator should know. Never called for each datagram. */
export interface StunLogger {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}
