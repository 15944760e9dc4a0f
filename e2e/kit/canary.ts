// Strings that no server may ever hold. They are unguessable and written once, so one found on a disk or in a
// log got there from a person's screen. Random text survives compression as it is.
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A text nobody else writes, short enough for every field. */
export function canary(kind: string): string {
  return `${kind} ${randomBytes(8).toString('hex')}`;
}

/** What a search went through and what it found. */
export interface CanarySearch {
  readonly bytesRead: number;
  /** One line per find: which canary, where. */
  readonly finds: readonly string[];
}

/** Places to search beside the files of a directory, by name. */
export type Places = Readonly<Record<string, string | Buffer>>;

/** Looks for the canaries in every file below the directory and in the other places. */
export async function searchCanaries(
  canaries: readonly string[],
  directory: string,
  places: Places,
): Promise<CanarySearch> {
  const needles = canaries.flatMap((text) => spellings(text).map((bytes) => ({ text, bytes })));
  const finds: string[] = [];
  let bytesRead = 0;
  const search = (place: string, bytes: Buffer): void => {
    bytesRead += bytes.length;
    for (const needle of needles) {
      if (bytes.includes(needle.bytes)) finds.push(`"${needle.text}" in ${place}`);
    }
  };
  for (const [place, content] of Object.entries(places)) search(place, Buffer.from(content));
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    search(path, await readFile(path));
  }
  return { bytesRead, finds };
}

/** The random half alone, as text of one and of two bytes a character, and as base64 at each offset. */
function spellings(text: string): Buffer[] {
  const [, random = text] = text.split(' ');
  const base64 = [0, 1, 2].map((offset) =>
    // The characters at both ends also depend on what stands beside them.
    Buffer.concat([Buffer.alloc(offset), Buffer.from(random)])
      .toString('base64')
      .slice(offset + 1, -4),
  );
  return [
    Buffer.from(random),
    Buffer.from(random, 'utf16le'),
    ...base64.map((encoded) => Buffer.from(encoded)),
  ];
}
