// The native library asks a single STUN server for each connection, and picks it blindly. Here it is given one that
// answered a moment ago, so that a node that died, or one of an address family that this network has not, costs no
// connection its public address.

import { probeStun, type StunProbeOptions, type StunProbeResult } from '@rockpool/stun';
import { parseStunUrl } from './stun-url.ts';

const LOOK_TIMEOUT_MS = 1_000;
/** What was learned longer ago is used once more, and looked at anew. */
const LOOK_AGAIN_MS = 15_000;

type Answer = Extract<StunProbeResult, { ok: true }>;

export class StunChoice {
  readonly #probe: (options: StunProbeOptions) => Promise<StunProbeResult>;
  /** By URL; who was silent is not in it. */
  readonly #answers = new Map<string, Answer>();
  #lookedMs = -Infinity;
  #turn = 0;

  constructor(probe = probeStun) {
    this.#probe = probe;
  }

  /** Asks all of them. Resolves with the first answer that is worth taking, or without any. Never rejects. */
  async look(urls: readonly string[]): Promise<void> {
    this.#lookedMs = performance.now();
    const asked = urls.map(async (url) => {
      if (!(await this.#ask(url))) throw new Error('no answer over IPv4');
    });
    await Promise.any(asked).catch(() => {});
  }

  /** One of them or none: who answered the quickest, over IPv4 first, where routers translate; where all are silent, each in turn. */
  pick(urls: readonly string[]): readonly string[] {
    if (performance.now() - this.#lookedMs > LOOK_AGAIN_MS) void this.look(urls);
    const answers = urls.flatMap((url) => {
      const answer = this.#answers.get(url);
      return answer === undefined ? [] : [{ url, ...answer }];
    });
    const [best] = answers.sort((a, b) => a.family - b.family || a.rttMs - b.rttMs);
    if (best !== undefined) return [best.url];
    const usable = urls.filter((url) => parseStunUrl(url) !== undefined);
    return usable.splice(this.#turn++ % usable.length, 1);
  }

  async #ask(url: string): Promise<boolean> {
    const server = parseStunUrl(url);
    if (server === undefined) return false;
    const result = await this.#probe({ ...server, timeoutMs: LOOK_TIMEOUT_MS });
    if (result.ok) this.#answers.set(url, result);
    else this.#answers.delete(url);
    return result.ok && result.family === 4;
  }
}
