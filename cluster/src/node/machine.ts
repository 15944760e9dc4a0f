// What a node asks of the machine that it runs on. A simulation brings another one, and so runs all of a
// node but its sockets and its disk.

import { randomBytes } from 'node:crypto';
import { type Clock, SYSTEM_CLOCK } from '../driver/clock.ts';
import type { FrameKind } from '../format/peer-frame.ts';
import type { Address, PeerPorts } from '../peer/peer-ports.ts';
import { PeerTransport } from '../peer/peer-transport.ts';
import type { PeerTrouble } from '../peer/peer-trouble.ts';

export interface Transport {
  /** Resolves with the port that it listens on. */
  start(listen: Address): Promise<number>;
  isConnected(nodeId: string): boolean;
  /** What the peer port turned away since the start, by code. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Of a peer that is not connected. */
  troubleWith(nodeId: string): PeerTrouble | undefined;
  /** False when the peer is away or too much waits for it. */
  send(nodeId: string, kind: FrameKind, payload: Uint8Array): boolean;
  /** Nodes came, went, or are elsewhere. */
  membersChanged(): void;
  stop(): Promise<void>;
}

export interface Machine {
  readonly clock: Clock;
  randomBytes(length: number): Uint8Array;
  makeTransport(ports: PeerPorts): Transport;
  /** An invariant is broken: this process must not go on. */
  crash(error: unknown): void;
}

export const THIS_MACHINE: Machine = {
  clock: SYSTEM_CLOCK,
  randomBytes,
  makeTransport: (ports) => new PeerTransport(ports),
  crash: (error) => {
    queueMicrotask(() => {
      throw error;
    });
  },
};
