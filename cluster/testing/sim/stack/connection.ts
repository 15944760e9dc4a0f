// A connection between two simulated machines, and what its ends must know.

import { FrameSplitter } from '../../../src/format/peer-frame.ts';
import { Silence } from '../../../src/peer/silence.ts';
import type { ProcessLoop } from './process-loop.ts';

export interface OutgoingEnd {
  readonly loop: ProcessLoop;
  readonly self: string;
  /** Of its key. */
  readonly fingerprint: string;
  readonly nodeId: string;
  connected(connection: Connection): void;
  failed(): void;
  answered(connection: Connection): void;
  refused(code: string): void;
  closed(connection: Connection): void;
}

export interface IncomingEnd {
  readonly loop: ProcessLoop;
  readonly self: string;
  accept(connection: Connection): void;
  /** The code with which a frame among these bytes was refused. */
  data(connection: Connection, chunk: Uint8Array): string | undefined;
  closed(connection: Connection): void;
}

/** One connection, as long as it lasts. A forged one has nobody at its other end. */
export class Connection {
  readonly from: string;
  readonly to: string;
  readonly incoming: IncomingEnd;
  readonly outgoing: OutgoingEnd | undefined;
  readonly splitter = new FrameSplitter();
  isOpen = true;
  readonly silence = new Silence();
  /** On their way, or held back while the link is cut. */
  queuedBytes = 0;
  lastArrivalMs = 0;
  held: Uint8Array[] = [];

  constructor(from: string, incoming: IncomingEnd, outgoing: OutgoingEnd | undefined) {
    this.from = from;
    this.to = incoming.self;
    this.incoming = incoming;
    this.outgoing = outgoing;
  }
}
