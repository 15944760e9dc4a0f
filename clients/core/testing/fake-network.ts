// A network that is what a test says, and changes when a test says so.

import type { NetworkMeasurement } from '../src/doctor/measurement.ts';
import type { NetworkPort } from '../src/ports.ts';

export class FakeNetwork implements NetworkPort {
  /** What measuring it shows, beside the servers, which all answer. */
  shows: Omit<NetworkMeasurement, 'servers'> = {
    translated: true,
    mapping: 'steady',
    filtering: 'samePort',
    ipv6: 'none',
  };
  readonly #watchers = new Set<() => void>();

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  async measure(stunUrls: readonly string[]): Promise<NetworkMeasurement> {
    const servers = stunUrls.map((url) => ({ url, answered: true, roundTripMs: 20 }));
    return { servers, ...this.shows };
  }

  /** The device is on another network from now on. */
  change(): void {
    for (const changed of this.#watchers) changed();
  }
}
