// An ICE candidate as it travels (RFC 8839, 5.1), reduced to what tells about the network it comes from.

export type CandidateKind = 'host' | 'srflx' | 'prflx' | 'relay';

export interface Candidate {
  readonly kind: CandidateKind;
  readonly address: string;
  readonly port: number;
  readonly ipv6: boolean;
  /** Candidates of one socket share it; empty where the platform hides it. */
  readonly base: string;
  readonly foundation: string;
}

const LINE =
  /^(?:a=)?candidate:(\S{1,64}) \d{1,5} udp \d{1,10} (\S{1,255}) (\d{1,5}) typ (host|srflx|prflx|relay)(?: raddr (\S{1,255}) rport (\d{1,5}))?/i;
const IN_DESCRIPTION = /^a=candidate:.*$/gm;
const PRIVATE_IPV4 =
  /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

/** Undefined for what is no UDP candidate. Never throws. */
export function parseCandidate(line: string): Candidate | undefined {
  const [, foundation, address, port, kind, baseAddress, basePort] = LINE.exec(line) ?? [];
  if (foundation === undefined || address === undefined || kind === undefined) return undefined;
  // A browser that hides local addresses says 0.0.0.0 and 0 for all of them.
  const base = basePort === undefined || basePort === '0' ? '' : `${baseAddress} ${basePort}`;
  return {
    kind: kind.toLowerCase() as CandidateKind,
    address,
    port: Number(port),
    ipv6: address.includes(':'),
    base,
    foundation,
  };
}

export function candidatesInDescription(sdp: string): readonly string[] {
  return sdp.match(IN_DESCRIPTION) ?? [];
}

/** Reachable from elsewhere, as far as the address says: no private one, and no name for one (`….local`). */
export function isPublicAddress(address: string): boolean {
  if (address.includes(':')) return /^[23][0-9a-f]{3}:/i.test(address);
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) && !PRIVATE_IPV4.test(address);
}
