// What the bench tells the load as its one argument, and what the load prints at its end; both as JSON.
import type { Groups } from './load-shape.ts';

/** How a server is spoken to. */
export type LineKind = 'rockpool' | 'relay' | 'peerjs';

export interface LoadOrder {
  readonly kind: LineKind;
  readonly port: number;
  /** The server's process. */
  readonly pid: number;
  readonly groups: Groups;
  readonly seconds: number;
  /** Who the devices are, where the server knows; else empty. */
  readonly membersPath: string;
}

export interface LoadReport {
  /** The server's memory with few and with many sockets. */
  readonly kibFew: number;
  readonly kibMany: number;
  /** Signals found right in the window. */
  readonly delivered: number;
  readonly wrong: number;
  readonly lost: number;
  readonly cpuSeconds: number;
  readonly elapsedSeconds: number;
}
