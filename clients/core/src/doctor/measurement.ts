// What is measured of a network before anything is concluded from it.

import type { CandidateKind } from '../network/candidate.ts';
import type { Mapping } from '../network/seen-candidates.ts';

/** One STUN server, asked for this device's address as the world sees it. */
export interface ServerMeasurement {
  readonly url: string;
  readonly answered: boolean;
  readonly roundTripMs?: number;
}

/** Who gets through to a port from which this device has sent something to somebody. */
export type Filtering = 'anyone' | 'sameAddress' | 'samePort' | 'unknown';

export interface NetworkMeasurement {
  readonly servers: readonly ServerMeasurement[];
  /** Is the address that the world sees another one than the device's own? */
  readonly translated: boolean | 'unknown';
  readonly mapping: Mapping;
  /** No page in a browser can find out; a program can, where a server has two addresses for it. */
  readonly filtering: Filtering;
  /** 'address': there is one, and no server to try it with. */
  readonly ipv6: 'works' | 'address' | 'none' | 'unknown';
}

/** What a platform tells of the path in use. */
export interface PathMeasurement {
  readonly roundTripMs?: number;
  /** Left out while no path is known. */
  readonly relayed?: boolean;
  readonly own?: CandidateKind;
  readonly other?: CandidateKind;
  readonly ipv6?: boolean;
  /** Since the connection began. */
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
}
