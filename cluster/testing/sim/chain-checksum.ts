// A stand-in for the product's CRC-32: 32-bit FNV-1a over every field of an entry, chained.

import type { EntryContent } from '../../src/core/entry.ts';

const KINDS: readonly EntryContent['kind'][] = ['noop', 'command', 'configuration'];
const PRIME = 0x01000193;

export function chainChecksum(previousChecksum: number, content: EntryContent): number {
  let hash = (previousChecksum ^ 0x811c9dc5) >>> 0;
  const fields = [
    content.group,
    content.index,
    content.term,
    KINDS.indexOf(content.kind),
    content.ruleVersion,
    content.entryTimeMs % 0x1_0000_0000,
    content.tableEpoch,
    bodyOf(content).length,
  ];
  for (const field of fields) hash = mix(hash, field >>> 0);
  for (const byte of bodyOf(content)) hash = Math.imul(hash ^ byte, PRIME) >>> 0;
  return hash;
}

function bodyOf({ command, configuration }: EntryContent): Uint8Array {
  return configuration === undefined ? command : Buffer.from(JSON.stringify(configuration));
}

function mix(hash: number, word: number): number {
  let mixed = hash;
  for (let shift = 0; shift < 32; shift += 8) {
    mixed = Math.imul(mixed ^ ((word >>> shift) & 0xff), PRIME) >>> 0;
  }
  return mixed;
}
