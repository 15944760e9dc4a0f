// libdatachannel as the side that offers must have the whole answer before the other side reaches it: a
// handshake that begins earlier finds no fingerprint to compare with, and fails. So the addresses of an offer
// are handed over once its answer is in place.

/** Of the one media section that a description of data channels has. */
export const MID = '0';

export interface HeldCandidates {
  /** The offer without any address. */
  readonly offer: string;
  /** As `addIceCandidate` takes them. */
  readonly candidates: readonly string[];
}

export function heldCandidates(sdp: string): HeldCandidates {
  const lines = sdp.split('\r\n');
  const isAddress = (line: string) => line.startsWith('a=candidate:');
  const kept = lines.filter((line) => !isAddress(line) && line !== 'a=end-of-candidates');
  const candidates = lines.filter(isAddress).map((line) => line.slice('a='.length));
  return { offer: kept.join('\r\n'), candidates };
}
