/* IP addresses between their text and their bytes, without allocating when parsing. */
import { readU16, writeU16 } from './message.ts';

export const IPV4_BYTES = 4;
export const IPV6_BYTES = 16;
/** Eight groups and an IPv4 tail; a zone index ("%eth0") is ignored. */
const TEXT_CHARS_MAX = 64;
const IPV6_GROUPS = 8;

const DOT = 46;
const COLON = 58;
const PERCENT = 37;

/**
 * Writes the address' bytes and returns their count: 4, 16, or 0 for what is no address.
 * An IPv4-mapped IPv6 address counts as the IPv4 address it is.
 */
export function parseIpAddress(text: string, into: Uint8Array): 0 | 4 | 16 {
  if (text.length > TEXT_CHARS_MAX) return 0;
  const zoneAt = text.indexOf('%');
  const end = zoneAt < 0 ? text.length : zoneAt;
  const colonAt = text.indexOf(':');
  if (colonAt < 0 || colonAt >= end) return zoneAt < 0 && parseIpv4(text, 0, end, into, 0) ? 4 : 0;
  if (!parseIpv6(text, end, into)) return 0;
  if (!isIpv4Mapped(into)) return 16;
  into.copyWithin(0, 12, 16);
  return 4;
}

function isIpv4Mapped(bytes: Uint8Array): boolean {
  for (let at = 0; at < 10; at += 1) if (bytes[at] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}

function parseIpv4(text: string, from: number, end: number, into: Uint8Array, at: number): boolean {
  let octet = 0;
  let digits = 0;
  let octets = 0;
  for (let index = from; index <= end; index += 1) {
    const code = index === end ? DOT : text.charCodeAt(index);
    if (code === DOT) {
      if (digits === 0 || octet > 255 || octets === IPV4_BYTES) return false;
      into[at + octets] = octet;
      octets += 1;
      octet = 0;
      digits = 0;
    } else {
      if (code < 48 || code > 57 || digits === 3 || (digits > 0 && octet === 0)) return false;
      octet = octet * 10 + code - 48;
      digits += 1;
    }
  }
  return octets === IPV4_BYTES;
}

function parseIpv6(text: string, end: number, into: Uint8Array): boolean {
  let groups = 0;
  let gapAt = -1;
  let index = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    gapAt = 0;
    index = 2;
  }
  while (index < end) {
    if (groups === IPV6_GROUPS) return false;
    const stop = groupEnd(text, index, end);
    if (stop < end && text.charCodeAt(stop) === DOT) {
      if (groups > IPV6_GROUPS - 2 || !parseIpv4(text, index, end, into, groups * 2)) return false;
      groups += 2;
      break;
    }
    const group = parseGroup(text, index, stop);
    if (group < 0) return false;
    writeU16(into, groups * 2, group);
    groups += 1;
    index = stop;
    if (index === end) break;
    index += 1;
    if (index === end) return false;
    if (text.charCodeAt(index) === COLON) {
      if (gapAt >= 0) return false;
      gapAt = groups;
      index += 1;
    }
  }
  return spreadGap(into, groups, gapAt);
}

function groupEnd(text: string, from: number, end: number): number {
  let index = from;
  for (; index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (code === COLON || code === DOT || code === PERCENT) break;
  }
  return index;
}

function parseGroup(text: string, from: number, to: number): number {
  if (to === from || to - from > 4) return -1;
  let group = 0;
  for (let index = from; index < to; index += 1) {
    const digit = hexDigit(text.charCodeAt(index));
    if (digit < 0) return -1;
    group = group * 16 + digit;
  }
  return group;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function spreadGap(into: Uint8Array, groups: number, gapAt: number): boolean {
  if (gapAt < 0) return groups === IPV6_GROUPS;
  if (groups === IPV6_GROUPS) return false;
  const tailBytes = (groups - gapAt) * 2;
  into.copyWithin(IPV6_BYTES - tailBytes, gapAt * 2, gapAt * 2 + tailBytes);
  into.fill(0, gapAt * 2, IPV6_BYTES - tailBytes);
  return true;
}

/** The text of 4 or 16 bytes; IPv6 in the canonical form of RFC 5952. */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === IPV4_BYTES) return bytes.join('.');
  const groups = Array.from({ length: IPV6_GROUPS }, (_, index) => readU16(bytes, index * 2));
  const gap = longestZeroRun(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (gap.length < 2) return hex(groups);
  return `${hex(groups.slice(0, gap.at))}::${hex(groups.slice(gap.at + gap.length))}`;
}

function longestZeroRun(groups: readonly number[]): {
  at: number;
  length: number;
} {
  let best = { at: 0, length: 0 };
  let run = 0;
  for (const [index, group] of groups.entries()) {
    run = group === 0 ? run + 1 : 0;
    if (run > best.length) best = { at: index + 1 - run, length: run };
  }
  return best;
}
