// A connection check as text: each finding with a word for how good it is, so that colour is not needed.

import {
  type ConnectionReport,
  type Finding,
  figuresInWords,
  type PeerFinding,
  type Tone,
} from '@rockpool/client-core';
import { plainLine } from '../plain-text.ts';

const MARKS: Readonly<Record<Tone, string>> = {
  good: 'good',
  fair: 'limits',
  bad: 'trouble',
  unknown: 'unknown',
};
const MARK_COLUMNS = 9;
const KINDS: Readonly<Record<PeerFinding['kind'], string>> = {
  browser: 'browser',
  desktop: 'computer',
  phone: 'phone',
  anchor: 'always-on device',
};

export function reportInWords(report: ConnectionReport): string {
  const { tone, summary, findings, peers, servers } = report;
  return [
    marked(tone, summary),
    '',
    'Your network',
    ...findings.flatMap(findingLines),
    '',
    'Other devices',
    ...(peers.length === 0 ? [indented('None is online now.')] : peers.flatMap(peerLines)),
    '',
    'Address servers',
    ...(servers.length === 0 ? [indented('None is known.')] : servers.map(serverLine)),
  ].join('\n');
}

function findingLines({ tone, title, words, help }: Finding): readonly string[] {
  return [marked(tone, title), ...[words, help].flatMap((text) => (text ? [indented(text)] : []))];
}

function peerLines(peer: PeerFinding): readonly string[] {
  const { tone, person, kind, words, help, pair } = peer;
  const figures = [words, figuresInWords(peer), pair ?? ''].filter((text) => text !== '');
  return [
    marked(tone, plainLine(`${person.name}, ${KINDS[kind]}`)),
    indented(figures.join(' · ')),
    ...(help === undefined ? [] : [indented(help)]),
  ];
}

function serverLine({ url, answered, roundTripMs }: ConnectionReport['servers'][number]): string {
  const words = answered ? `${roundTripMs ?? '?'} ms` : 'no answer';
  return marked(answered ? 'good' : 'bad', plainLine(`${url}  ${words}`));
}

function marked(tone: Tone, text: string): string {
  return MARKS[tone].padEnd(MARK_COLUMNS) + text;
}

function indented(text: string): string {
  return ' '.repeat(MARK_COLUMNS) + text;
}
