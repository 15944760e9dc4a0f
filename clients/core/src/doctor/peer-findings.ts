// From what is measured of each connection to what a person should know of it, in plain words.

import type { PathTrouble } from '../network/path-trouble.ts';
import { bytesInWords } from '../words.ts';
import type { PathMeasurement } from './measurement.ts';
import type { Tone } from './network-findings.ts';

/** A device of the open pools, and two looks at its path where there is one. */
export interface MeasuredPeer {
  readonly deviceId: string;
  readonly kind: 'browser' | 'desktop' | 'phone' | 'anchor';
  readonly person: { readonly name: string; readonly hue: number };
  readonly pools: readonly string[];
  readonly path: 'direct' | 'relayed' | 'connecting' | 'unreachable';
  readonly trouble?: PathTrouble;
  readonly before?: PathMeasurement;
  readonly after?: PathMeasurement;
  /** Share of small messages that did not come back, from 0 to 1. */
  readonly lost?: number;
  /** Between the two. */
  readonly elapsedMs: number;
}

export interface PeerFinding {
  readonly deviceId: string;
  readonly kind: MeasuredPeer['kind'];
  readonly person: MeasuredPeer['person'];
  readonly pools: readonly string[];
  readonly tone: Tone;
  /** How it is reached, or why it is not. */
  readonly words: string;
  readonly help?: string;
  readonly relayed: boolean;
  readonly roundTripMs?: number;
  /** Share of what was sent there and should have come back, from 0 to 1. */
  readonly lost?: number;
  readonly bytesPerSecond?: number;
  /** The kinds of address at both ends, in the words of ICE, for experts and programs. */
  readonly pair?: string;
}

/** Above this a person notices it. */
const LOST_MUCH = 0.05;

export function peerFinding(peer: MeasuredPeer): PeerFinding {
  const { deviceId, kind, person, pools, path, trouble, after, lost } = peer;
  const who = { deviceId, kind, person, pools };
  if (path === 'unreachable') {
    const words = trouble?.reason ?? 'It cannot be reached.';
    const help = trouble === undefined ? {} : { help: trouble.help };
    return { ...who, tone: 'bad', words, ...help, relayed: false };
  }
  if (path === 'connecting' || after === undefined) {
    return { ...who, tone: 'unknown', words: 'Connecting', relayed: false };
  }
  const relayed = after.relayed ?? path === 'relayed';
  const lossy = lost !== undefined && lost > LOST_MUCH;
  const rate = bytesPerSecond(peer);
  return {
    ...who,
    tone: relayed || lossy ? 'fair' : 'good',
    words: relayed ? 'Through a relay server' : directWayInWords(after),
    ...(lossy
      ? { help: 'Much gets lost on the way: a wire or a place nearer to the Wi-Fi helps.' }
      : {}),
    relayed,
    ...(after.roundTripMs === undefined ? {} : { roundTripMs: after.roundTripMs }),
    ...(lost === undefined ? {} : { lost }),
    ...(rate === undefined ? {} : { bytesPerSecond: rate }),
    ...pairOf(after),
  };
}

function directWayInWords({ own, other, ipv6 }: PathMeasurement): string {
  if (ipv6 === true) return 'Direct, by newer addresses (IPv6)';
  if (own === undefined || other === undefined) return 'Direct';
  if (own === 'host' && other === 'host') return 'Direct, without a router in between';
  return 'Direct, over the internet';
}

function pairOf({ own, other, ipv6 }: PathMeasurement): { readonly pair?: string } {
  if (own === undefined || other === undefined) return {};
  return { pair: `${own} to ${other}${ipv6 === true ? ', IPv6' : ''}` };
}

function bytesPerSecond({ before, after, elapsedMs }: MeasuredPeer): number | undefined {
  if (before === undefined || after === undefined || elapsedMs <= 0) return undefined;
  const moved = total(after) - total(before);
  return Number.isFinite(moved) ? Math.round((Math.max(0, moved) * 1000) / elapsedMs) : undefined;
}

function total({ bytesSent, bytesReceived }: PathMeasurement): number {
  return (bytesSent ?? Number.NaN) + (bytesReceived ?? Number.NaN);
}

/** `12 ms, 0 % lost, 1.2 MB/s`: what there is of it. */
export function figuresInWords({ roundTripMs, lost, bytesPerSecond }: PeerFinding): string {
  return [
    roundTripMs === undefined ? [] : [`${Math.round(roundTripMs)} ms`],
    lost === undefined ? [] : [`${Math.round(lost * 100)} % lost`],
    bytesPerSecond === undefined ? [] : [`${bytesInWords(bytesPerSecond)}/s now`],
  ]
    .flat()
    .join(', ');
}
