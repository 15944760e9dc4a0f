// Two pieces that shared a byte would be one entry's damage in another.

import t from 'tap';
import { pieceOf } from '../src/byte-pieces.ts';

/** Some of each kind: several to a chunk, the last that shares one, and the first that does not. */
const LENGTHS = [1, 7, 290, 1_000, 4_096, 4_097] as const;
const ROUNDS = 60;

t.test('pieces have the length that was asked for, are empty, and share no byte', async (t) => {
  const pieces: Uint8Array[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const length of LENGTHS) {
      const piece = pieceOf(length);
      const isFresh = piece.length === length && piece.every((byte) => byte === 0);
      if (!isFresh) t.fail(`piece ${pieces.length} of ${length} bytes is not its own`);
      piece.fill(1 + (pieces.length % 250));
      pieces.push(piece);
    }
  }
  const spoiled = pieces.filter((piece, at) => piece.some((byte) => byte !== 1 + (at % 250)));
  t.equal(spoiled.length, 0);
  t.ok(new Set(pieces.map(({ buffer }) => buffer)).size > ROUNDS, 'over many chunks');
});
