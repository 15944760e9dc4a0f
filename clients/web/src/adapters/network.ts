// The network as a page can see it: through the addresses that a peer connection gathers. A page cannot send packets of
// its own, so it does not learn whom the router lets in, and addresses of the device itself may be hidden from it.

import {
  isPublicAddress,
  type NetworkMeasurement,
  type NetworkPort,
  parseCandidate,
  SeenCandidates,
  type ServerMeasurement,
} from '@rockpool/client-core';

/** A browser goes on asking for about ten seconds; whoever needs more than this helps nobody. */
const GATHER_TIMEOUT_MS = 4_000;
const IPV6_URL = /^stuns?:\[/;

export const browserNetwork: NetworkPort = {
  watch(changed) {
    const connection = (navigator as { readonly connection?: EventTarget }).connection;
    window.addEventListener('online', changed);
    connection?.addEventListener('change', changed);
    return () => {
      window.removeEventListener('online', changed);
      connection?.removeEventListener('change', changed);
    };
  },

  async measure(stunUrls): Promise<NetworkMeasurement> {
    const [together, ...alone] = await Promise.all([
      gather(stunUrls),
      ...stunUrls.map((url) => gather([url])),
    ]);
    const servers = stunUrls.map((url, at) => serverMeasurement(url, alone[at]));
    const seen = new SeenCandidates();
    for (const line of together.lines) seen.note(line);
    const answered = servers.filter((server) => server.answered).length;
    return {
      servers,
      translated: translated(together.lines),
      mapping: seen.mapping(answered),
      filtering: 'unknown',
      ipv6: ipv6(together.lines, servers),
    };
  },
};

interface Gathered {
  readonly lines: readonly string[];
  /** Until a server named an address; undefined where none did. */
  readonly outsideMs: number | undefined;
  /** The browser had every answer it waited for. */
  readonly complete: boolean;
  readonly failed: boolean;
}

/** Everything that a connection gathers with these servers, which is then thrown away. */
async function gather(urls: readonly string[]): Promise<Gathered> {
  const lines: string[] = [];
  let outsideMs: number | undefined;
  let failed = false;
  const startedMs = performance.now();
  const connection = new RTCPeerConnection({
    iceServers: urls.length > 0 ? [{ urls: [...urls] }] : [],
  });
  try {
    connection.createDataChannel('check');
    const complete = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), GATHER_TIMEOUT_MS);
      connection.onicecandidateerror = () => {
        failed = true;
      };
      connection.onicecandidate = ({ candidate }) => {
        if (candidate !== null && candidate.candidate !== '') {
          lines.push(candidate.candidate);
          if (candidate.type === 'srflx') outsideMs ??= performance.now() - startedMs;
        } else if (candidate === null) {
          clearTimeout(timer);
          resolve(true);
        }
      };
    });
    await connection.setLocalDescription();
    return { complete: await complete, lines, outsideMs, failed };
  } catch {
    return { complete: false, lines, outsideMs, failed: true };
  } finally {
    connection.close();
  }
}

/** A device with a public address of its own may be told nothing new; then the browser ends early, without complaint. */
function serverMeasurement(url: string, gathered: Gathered | undefined): ServerMeasurement {
  if (gathered === undefined) return { url, answered: false };
  const { outsideMs, complete, failed, lines } = gathered;
  if (outsideMs !== undefined) return { url, answered: true, roundTripMs: Math.round(outsideMs) };
  const nothingNew =
    complete &&
    !failed &&
    lines.some((line) => {
      return isPublicAddress(parseCandidate(line)?.address ?? '');
    });
  return { url, answered: nothingNew };
}

function translated(lines: readonly string[]): boolean | 'unknown' {
  const candidates = lines.flatMap((line) => parseCandidate(line) ?? []);
  const outside = candidates.filter(({ kind, ipv6 }) => kind === 'srflx' && !ipv6);
  const own = candidates.filter(({ kind, ipv6 }) => kind === 'host' && !ipv6);
  if (own.some(({ address }) => isPublicAddress(address))) return false;
  const hidden = own.some(({ address }) => address.endsWith('.local'));
  return hidden || outside.length === 0 ? 'unknown' : true;
}

function ipv6(
  lines: readonly string[],
  servers: readonly ServerMeasurement[],
): NetworkMeasurement['ipv6'] {
  const candidates = lines.flatMap((line) => parseCandidate(line) ?? []);
  const found = candidates.filter(
    (candidate) => candidate.ipv6 && isPublicAddress(candidate.address),
  );
  if (found.some(({ kind }) => kind === 'srflx')) return 'works';
  const asked = servers.filter(({ url }) => IPV6_URL.test(url));
  if (asked.some(({ answered }) => answered)) return 'works';
  if (found.length > 0) return 'address';
  const hidden = candidates.some(({ address }) => address.endsWith('.local'));
  return hidden && asked.length === 0 ? 'unknown' : 'none';
}
