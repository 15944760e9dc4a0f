// Who takes part in a group, [STO-17]: voters u8 | outgoing voters u8 | learners u16 | the ids of each (16
// bytes), in that order. The same in an entry, in the log base and in a snapshot.

import { MEMBERS_MAX, membersOf, VOTERS_MAX } from '../core/configuration.ts';
import type { Configuration } from '../core/entry.ts';
import { ByteReader, ByteWriter, toHex } from './bytes.ts';
import { KNOWN_IDS } from './known-ids.ts';

const HEAD_BYTES = 4;
const ID_BYTES = 16;

export function configurationBytes({ voters, outgoing, learners }: Configuration): number {
  return HEAD_BYTES + (voters.length + outgoing.length + learners.length) * ID_BYTES;
}

export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const { voters, outgoing, learners } = configuration;
  const nodes = [...voters, ...outgoing, ...learners];
  const writer = new ByteWriter(configurationBytes(configuration));
  writer.u8(voters.length).u8(outgoing.length).u16(learners.length);
  for (const node of nodes) writer.bytes(KNOWN_IDS.bytesOf(node));
  return writer.finish();
}

export function decodeConfiguration(bytes: Uint8Array): Configuration | undefined {
  const reader = new ByteReader(bytes);
  const configuration = readConfiguration(reader);
  return reader.complete ? configuration : undefined;
}

/** Reads one; the reader turns bad at anything that is none. */
export function readConfiguration(reader: ByteReader): Configuration {
  const counts = [reader.u8(), reader.u8(), reader.u16()] as const;
  const [voters, outgoing, learners] = counts.map((count) => {
    // Asked before anything is read: a count that lies costs nothing.
    if (count * ID_BYTES > reader.left) reader.fail();
    const nodes: string[] = [];
    while (!reader.bad && nodes.length < count) nodes.push(toHex(reader.bytes(ID_BYTES)));
    return nodes;
  });
  const configuration = {
    voters: voters ?? [],
    outgoing: outgoing ?? [],
    learners: learners ?? [],
  };
  if (!reader.bad && !isSound(configuration)) reader.fail();
  return configuration;
}

/** Nobody is named twice in a list, no voter is a learner; without voters there is nobody at all. */
function isSound(configuration: Configuration): boolean {
  const { voters, outgoing, learners } = configuration;
  const lists = [voters, outgoing, [...voters, ...learners]];
  if (lists.some((list) => new Set(list).size !== list.length)) return false;
  if (voters.length > VOTERS_MAX || outgoing.length > VOTERS_MAX) return false;
  const members = membersOf(configuration).length;
  return members <= MEMBERS_MAX && (voters.length > 0 || members === 0);
}
