// What a device that hides its address says of itself to others: relay candidates and nothing besides. The
// platform is asked for no more; this is the second lock, and it also takes out what relay candidates and
// descriptions carry of the address behind the relay (raddr, o=, c=, ports).

import type {
  IcePaths,
  PeerConnection,
  PeerConnectionEvents,
  PeerConnectionPort,
} from '../ports.ts';

const RELAY_CANDIDATE =
  /^(candidate:\S+ \d+ \S+ \d+ \S+ \d+ typ relay)(?: raddr \S+ rport \d+)?((?: [\w-]+ [\w+/-]+)*)$/i;
/** What a browser adds that names a network of this device. */
const NETWORK_FIELDS = / network-(?:id|cost) \d+/gi;

/** Undefined for a candidate that is not a relay's. */
export function relayCandidateOnly(candidate: string): string | undefined {
  const [, relay, extensions = ''] = RELAY_CANDIDATE.exec(candidate) ?? [];
  if (relay === undefined) return undefined;
  return `${relay} raddr 0.0.0.0 rport 0${extensions.replaceAll(NETWORK_FIELDS, '')}`;
}

/** The description without any address of this device. */
export function withoutOwnAddresses(sdp: string): string {
  const kept = sdp.split('\r\n').flatMap((line) => {
    if (line.startsWith('a=candidate:')) {
      const candidate = relayCandidateOnly(line.slice(2));
      return candidate === undefined ? [] : [`a=${candidate}`];
    }
    if (line.startsWith('a=rtcp:')) return [];
    return [
      line
        .replace(/^(o=\S+ \S+ \S+) IN IP[46] \S+$/, '$1 IN IP4 0.0.0.0')
        .replace(/^c=IN IP[46] \S+$/, 'c=IN IP4 0.0.0.0')
        .replace(/^m=application \d+ /, 'm=application 9 '),
    ];
  });
  return kept.join('\r\n');
}

/** A connection that keeps to these paths, whatever the platform would say. */
export function openConnection(
  port: PeerConnectionPort,
  paths: IcePaths,
  events: PeerConnectionEvents,
): PeerConnection {
  if (!paths.relayOnly) return port.create(paths, events);
  const connection = port.create(paths, {
    ...events,
    onCandidate(candidate, mid) {
      const shown = candidate === '' ? '' : relayCandidateOnly(candidate);
      if (shown !== undefined) events.onCandidate(shown, mid);
    },
  });
  const described = connection.setLocalDescription.bind(connection);
  connection.setLocalDescription = async () => {
    const { type, sdp } = await described();
    return { type, sdp: withoutOwnAddresses(sdp) };
  };
  return connection;
}
