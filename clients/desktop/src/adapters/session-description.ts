// What the native library is given of descriptions and candidates that other devices wrote. It is C++, and
// some of its failures end the process; so only what has the form of a data channel's description reaches
// it (RFC 8829, RFC 8839, RFC 8841), and whoever sends anything else is refused here.

import { isIP } from 'node:net';
import { SDP_BYTES_MAX } from '@rockpool/protocol';

/** What of a description decides how the connection goes on. */
export interface CheckedDescription {
  readonly sdp: string;
  readonly ufrag: string;
  readonly pwd: string;
}

const CANDIDATE_CHARS_MAX = 512;
/** A line of SDP: a letter, and text without control characters. */
const LINE = /^[a-z]=[\x20-\x7e]*$/;
const MEDIA = /^m=application \d{1,5} UDP\/DTLS\/SCTP webrtc-datachannel$/;
const CANDIDATE =
  /^candidate:[A-Za-z0-9+/]{1,32} [12] (?:udp|tcp) \d{1,10} (\S{1,255}) (\d{1,5}) typ (?:host|srflx|prflx|relay)(?: [\x20-\x7e]*)?$/i;
const MDNS_NAME = /^[A-Za-z0-9-]{1,63}\.local$/;

/** Attributes that must be there exactly once, and what they may say. */
const ONCE: Readonly<Record<string, RegExp>> = {
  'ice-ufrag': /^[A-Za-z0-9+/]{4,256}$/,
  'ice-pwd': /^[A-Za-z0-9+/]{22,256}$/,
  fingerprint: /^sha-256 [0-9A-F]{2}(:[0-9A-F]{2}){31}$/i,
  mid: /^[A-Za-z0-9_-]{1,16}$/,
  setup: /^(actpass|active|passive)$/,
  'sctp-port': /^\d{1,5}$/,
};
const MAX_MESSAGE_SIZE = /^\d{1,10}$/;

/** Undefined for what is no description of one data channel transport. */
export function checkDescription(
  type: 'offer' | 'answer',
  sdp: string,
): CheckedDescription | undefined {
  if (sdp.length > SDP_BYTES_MAX || !sdp.startsWith('v=0\r\n') || !sdp.endsWith('\r\n')) {
    return undefined;
  }
  const lines = sdp.slice(0, -2).split('\r\n');
  if (!lines.every((line) => LINE.test(line))) return undefined;
  const media = lines.filter((line) => line.startsWith('m='));
  if (media.length !== 1 || !MEDIA.test(media[0] ?? '')) return undefined;
  const attributes = attributesOf(lines);
  const values = new Map<string, string>();
  for (const [name, form] of Object.entries(ONCE)) {
    const [value, another] = attributes.get(name) ?? [];
    if (value === undefined || another !== undefined || !form.test(value)) return undefined;
    values.set(name, value);
  }
  if (!(attributes.get('max-message-size') ?? []).every((size) => MAX_MESSAGE_SIZE.test(size))) {
    return undefined;
  }
  // An offer leaves the choice of roles to the answer, which must make one (RFC 8842, section 5).
  if ((values.get('setup') === 'actpass') !== (type === 'offer')) return undefined;
  const candidates = attributes.get('candidate') ?? [];
  if (!candidates.every((rest) => isCandidate(`candidate:${rest}`))) return undefined;
  return { sdp, ufrag: values.get('ice-ufrag') ?? '', pwd: values.get('ice-pwd') ?? '' };
}

/**
 * Addresses, and the names that browsers put in their place on a local network. Any other name would let a
 * stranger make this machine ask the name service for it.
 */
export function isCandidate(candidate: string): boolean {
  if (candidate.length > CANDIDATE_CHARS_MAX) return false;
  const [, address = '', port = ''] = CANDIDATE.exec(candidate) ?? [];
  const isAddress = isIP(address) !== 0 || MDNS_NAME.test(address);
  return isAddress && Number(port) <= 65_535;
}

function attributesOf(lines: readonly string[]): Map<string, string[]> {
  const attributes = new Map<string, string[]>();
  for (const line of lines) {
    if (!line.startsWith('a=')) continue;
    const colon = line.indexOf(':');
    const name = line.slice(2, colon < 0 ? undefined : colon);
    const values = attributes.get(name) ?? [];
    values.push(colon < 0 ? '' : line.slice(colon + 1));
    attributes.set(name, values);
  }
  return attributes;
}
